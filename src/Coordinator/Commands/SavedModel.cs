using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.Formats;
using Backprop.Core.Model;

namespace Backprop.Coordinator.Commands;

/// <summary>A model file, read and put together again.</summary>
internal sealed record SavedModel(string Path, Parameters Parameters, ModelMetadata Metadata, NetworkModel Network)
{
    /// <param name="path">A model file, or the directory of a run that wrote one.</param>
    /// <exception cref="UserErrorException">There is none, or it is no model.</exception>
    public static SavedModel Read(string path)
    {
        string file = Directory.Exists(path) ? System.IO.Path.Combine(path, "model.safetensors") : path;
        ReadableFile.Require($"Model {file}", file);
        (Parameters parameters, ModelMetadata metadata) = ModelFile.Read(file);
        if (!parameters.AreFinite())
            throw new UserErrorException($"Model {file} holds a weight that is not a finite number: its training diverged.");
        try
        {
            return new SavedModel(
                file, parameters, metadata, NetworkModel.Create(parameters.Shape, metadata.Activations, metadata.Cost));
        }
        catch (UserErrorException error)
        {
            throw new UserErrorException($"Model {file}: its metadata does not fit: {error.Message}", error);
        }
    }

    /// <exception cref="UserErrorException">The network has other inputs or outputs than the data set.</exception>
    public void RequireFit(Dataset dataset)
    {
        NetworkShape shape = Parameters.Shape;
        if (shape.Inputs != dataset.InputCount || shape.Outputs != dataset.ClassCount)
        {
            throw new UserErrorException(
                $"Model {Path} of layers {shape} does not fit data set {dataset.Name}: {dataset.InputCount} inputs and "
                + $"{dataset.ClassCount} classes; it was trained on {Metadata.Dataset}.");
        }
    }

    public string ClassName(int index) =>
        Metadata.Classes is { } names && index < names.Count
            ? names[index]
            : index.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
