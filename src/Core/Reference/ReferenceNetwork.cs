using Backprop.Core.Data;
using Backprop.Core.Model;

namespace Backprop.Core.Reference;

/// <summary>A network in double precision: the subject of the reference forms.</summary>
public sealed class ReferenceNetwork
{
    /// <summary>Random numbers of the reference networks: apart from every stream of a run.</summary>
    private const ulong ParameterStream = 0x5245_4645_5245_4E43;

    /// <param name="activations">One a layer after the input.</param>
    /// <exception cref="ArgumentException">The parts do not fit together.</exception>
    public ReferenceNetwork(
        ReferenceParameters parameters, IReadOnlyList<ReferenceActivation> activations, ReferenceCost cost)
    {
        Parameters = parameters;
        Activations = activations;
        Cost = cost;

        if (activations.Count != Shape.LayerCount)
        {
            throw new ArgumentException(
                $"{activations.Count} activations for {Shape}; expected one for each of its {Shape.LayerCount} layers after the input.");
        }

        for (int layer = 0; layer < activations.Count; layer++)
        {
            if (!activations[layer].Fits(Shape.Sizes[layer + 1]))
            {
                throw new ArgumentException(
                    $"Layer {layer + 2} of {Shape} mixes functions, but not one for each of its {Shape.Sizes[layer + 1]} neurons.");
            }
        }

        if (cost.RequiredOutputActivation is { } required && activations[^1].Name != required)
            throw new ArgumentException($"The cost {cost.Name} needs {required} outputs, not {activations[^1].Name}.");
    }

    public NetworkShape Shape => Parameters.Shape;

    public ReferenceParameters Parameters { get; }

    /// <summary>σ of layer l + 2 at [l].</summary>
    public IReadOnlyList<ReferenceActivation> Activations { get; }

    public ReferenceCost Cost { get; }

    /// <param name="activations">One name for all layers, or one a layer after the input joined by commas.</param>
    /// <exception cref="ArgumentException">A name is unknown, or the parts do not fit together.</exception>
    public static ReferenceNetwork Create(ReferenceParameters parameters, string activations, string cost)
    {
        string[] names = activations.Split(',', StringSplitOptions.TrimEntries);
        if (names is [var single])
            names = [.. Enumerable.Repeat(single, parameters.Shape.LayerCount)];
        return new ReferenceNetwork(
            parameters, [.. names.Select(ReferenceActivation.Named)], ReferenceCost.Named(cost));
    }

    /// <summary>Weights of standard deviation 1/√inputs, biases of 1, rounded to single precision.</summary>
    public static ReferenceParameters RandomParameters(NetworkShape shape, ulong seed)
    {
        var parameters = new ReferenceParameters(shape);
        var random = new RandomSource(seed, ParameterStream);
        for (int layer = 0; layer < shape.LayerCount; layer++)
        {
            double deviation = 1 / Math.Sqrt(shape.Sizes[layer]);
            foreach (ref double weight in parameters.Weights[layer].Values.AsSpan())
                weight = (float)(random.NextGaussian() * deviation);
            foreach (ref double bias in parameters.Biases[layer].Values.AsSpan())
                bias = (float)random.NextGaussian();
        }

        return parameters;
    }

    /// <summary>The same functions with other weights and biases.</summary>
    public ReferenceNetwork With(ReferenceParameters parameters) => new(parameters, Activations, Cost);
}
