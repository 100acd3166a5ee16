using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;

namespace Backprop.Core.Formats;

/// <summary>A checkpoint as a safetensors file, its tensors and numbers held by a checksum.</summary>
public static class CheckpointFile
{
    public const string Format = "backprop-checkpoint/1";
    private const string OptimizerPrefix = "optimizer";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
    };

    /// <summary>Writes atomically.</summary>
    public static void Write(string path, Checkpoint checkpoint) => AtomicFile.Write(path, stream => Write(stream, checkpoint));

    public static void Write(Stream stream, Checkpoint checkpoint)
    {
        NamedTensor[] tensors =
        [
            .. ParameterTensors.Of(checkpoint.Parameters),
            .. checkpoint.State.Velocity is null ? [] : ParameterTensors.Of(checkpoint.State.Velocity, OptimizerPrefix),
        ];
        var metadata = new Dictionary<string, string>
        {
            ["format"] = Format,
            ["version"] = checkpoint.Version,
            ["layers"] = checkpoint.Configuration.Layers,
            ["configuration"] = JsonSerializer.Serialize(checkpoint.Configuration, Json),
            ["next_step"] = checkpoint.NextStep.ToString(CultureInfo.InvariantCulture),
            ["epoch_examples"] = checkpoint.EpochTotals.ExampleCount.ToString(CultureInfo.InvariantCulture),
            ["epoch_correct"] = checkpoint.EpochTotals.CorrectCount.ToString(CultureInfo.InvariantCulture),
            ["epoch_cost"] = checkpoint.EpochTotals.Cost.ToString("R", CultureInfo.InvariantCulture),
        };
        metadata["checksum"] = Checksum(metadata, tensors);
        SafetensorsFile.Write(stream, metadata, tensors);
    }

    /// <exception cref="UserErrorException">It is no checkpoint, or was changed since it was written.</exception>
    public static Checkpoint Read(string path)
    {
        SafetensorsFile file;
        try
        {
            file = SafetensorsFile.Read(path);
        }
        catch (UserErrorException error) when (error.InnerException is not (IOException or UnauthorizedAccessException))
        {
            throw new UserErrorException($"{error.Message.TrimEnd('.')} (checksum mismatch: it is damaged).", error);
        }

        return Read(path, file);
    }

    internal static Checkpoint Read(string path, SafetensorsFile file)
    {
        var metadata = new Dictionary<string, string>(file.Metadata);
        if (metadata.GetValueOrDefault("format") is not Format)
            throw new UserErrorException($"{path} is no checkpoint of this program: its metadata has no format {Format}.");
        metadata.Remove("checksum", out string? checksum);
        if (checksum != Checksum(metadata, file.Tensors))
            throw new UserErrorException($"{path}: checksum mismatch: it is damaged.");
        try
        {
            RunConfiguration configuration = JsonSerializer.Deserialize<RunConfiguration>(metadata["configuration"], Json)
                ?? throw new FormatException("its configuration is null");
            Parameters? velocity = file.Find($"{OptimizerPrefix}.0.weight") is null
                ? null
                : ParameterTensors.Read(path, file, configuration.Shape, OptimizerPrefix);
            return new Checkpoint(
                configuration, metadata["version"], long.Parse(metadata["next_step"], NumberStyles.None, CultureInfo.InvariantCulture),
                ParameterTensors.Read(path, file, configuration.Shape), new OptimizerState(velocity),
                new NodeTotals(
                    int.Parse(metadata["epoch_examples"], NumberStyles.None, CultureInfo.InvariantCulture),
                    int.Parse(metadata["epoch_correct"], NumberStyles.None, CultureInfo.InvariantCulture),
                    double.Parse(metadata["epoch_cost"], NumberStyles.Float, CultureInfo.InvariantCulture)));
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or FormatException or OverflowException
            or ArgumentException)
        {
            throw new UserErrorException($"{path} is no checkpoint of this program: {error.Message}", error);
        }
    }

    /// <summary>SHA-256 over the metadata in its order and the tensors' numbers.</summary>
    private static string Checksum(Dictionary<string, string> metadata, IReadOnlyList<NamedTensor> tensors)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string key, string value) in metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{key}={value}\n"));
        foreach (NamedTensor tensor in tensors)
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{tensor.Name}\n"));
            foreach (ReadOnlyMemory<float> numbers in SafetensorsFile.Blocks(tensor.Values))
                hash.AppendData(MemoryMarshal.AsBytes(numbers.Span));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
