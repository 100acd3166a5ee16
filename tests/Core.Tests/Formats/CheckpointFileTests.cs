using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Backprop.Core.Formats;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Tests.Files;
using Backprop.Core.Training;

namespace Backprop.Core.Tests.Formats;

public sealed class CheckpointFileTests : IDisposable
{
    private static readonly RunConfiguration configuration = new()
    {
        Layers = "3-2",
        Activations = "tanh",
        Cost = "cross-entropy",
        LearningRate = 0.1,
        Momentum = 0.9,
        L2 = 1e-4,
        Schedule = "step:5:0.5",
        Initializer = "gaussian",
        InitSha256 = "ab",
        MiniBatch = 7,
        Epochs = 3,
        Shards = 4,
        Shuffle = false,
        Seed = ulong.MaxValue,
        DatasetSha256 = "cd",
    };

    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private string CheckpointPath => directory.PathOf("step-000000012.safetensors");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_Written_EverythingAgain(bool hasVelocity)
    {
        Checkpoint written = Sample(hasVelocity);

        CheckpointFile.Write(CheckpointPath, written);
        Checkpoint read = CheckpointFile.Read(CheckpointPath);

        Assert.Equal(configuration, read.Configuration);
        Assert.Equal(("0.1.0+\"ä\"", 5_000_000_000L), (read.Version, read.NextStep));
        Assert.Equal(new NodeTotals(12, 5, 0.1 + 0.2), read.EpochTotals);
        Assert.Equal(written.Parameters.ComputeSha256(), read.Parameters.ComputeSha256());
        Assert.Equal(written.State.Velocity?.ComputeSha256(), read.State.Velocity?.ComputeSha256());
        Assert.Equal([Path.GetFileName(CheckpointPath)], directory.Entries());
    }

    [Fact]
    public void Write_WithMomentum_TensorsOfWeightsAndVelocityRowByRow()
    {
        CheckpointFile.Write(CheckpointPath, Sample(hasVelocity: true));

        SafetensorsFile file = SafetensorsFile.Read(CheckpointPath);

        Assert.Equal(
            ["layers.0.weight", "layers.0.bias", "optimizer.0.weight", "optimizer.0.bias"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], file.Find("layers.0.weight")!.Values);
        Assert.Equal([-1f, -2f, -3f, -4f, -5f, -6f], file.Find("optimizer.0.weight")!.Values);
    }

    [Fact]
    public void Read_AnyBitFlipped_Refused()
    {
        CheckpointFile.Write(CheckpointPath, Sample(hasVelocity: true));
        byte[] bytes = File.ReadAllBytes(CheckpointPath);
        int mismatches = 0;
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            string message = Refused.Message("flipped", () => Read("flipped", bytes));
            mismatches += message.Contains("checksum mismatch", StringComparison.Ordinal) ? 1 : 0;
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        // At least each bit of the 16 numbers.
        Assert.InRange(mismatches, 16 * 32, bytes.Length * 8);
    }

    [Fact]
    public void Read_CutOffAnywhere_Refused()
    {
        CheckpointFile.Write(CheckpointPath, Sample(hasVelocity: true));
        byte[] bytes = File.ReadAllBytes(CheckpointPath);
        for (int length = 0; length < bytes.Length; length++)
            Refused.Message("cut", () => Read("cut", bytes[..length]));
    }

    [Fact]
    public void Read_RandomDamage_Refused()
    {
        CheckpointFile.Write(CheckpointPath, Sample(hasVelocity: true));
        byte[] whole = File.ReadAllBytes(CheckpointPath);
        Mutation.Check(whole, 5000, 1 << 20, (name, bytes) =>
        {
            Checkpoint read = Read(name, bytes);
            Assert.Equal(5_000_000_000L, read.NextStep);
            Assert.Equal(Sample(hasVelocity: true).Parameters.ComputeSha256(), read.Parameters.ComputeSha256());
        });
    }

    [Fact]
    public void Read_Model_IsNoCheckpoint()
    {
        ModelFile.Write(CheckpointPath, Sample(false).Parameters, new ModelMetadata("3-2", "sigmoid", "quadratic", "x", null));
        Assert.Contains(
            "has no format backprop-checkpoint/1", Refused.Message(CheckpointPath, () => CheckpointFile.Read(CheckpointPath)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ByHand_IsTheDocumentedForm()
    {
        Checkpoint read = CheckpointFile.Read(directory.Write("by-hand", ByHand()));

        Assert.Equal(("3-2", 0.5, 12L), (read.Configuration.Layers, read.Configuration.LearningRate, read.NextStep));
        Assert.Equal([1f, 2f, 3f], read.Parameters.Layers[0].Weights.Values.ToArray().Where((_, place) => place % 2 == 0));
        Assert.Null(read.State.Velocity);
    }

    // With a checksum that is right: what another hand, or another version, may have written.
    [Theory]
    [InlineData("next_step", null, "next_step")]
    [InlineData("next_step", "-1", "no checkpoint of this program")]
    [InlineData("next_step", "99999999999999999999", "no checkpoint of this program")]
    [InlineData("next_step", "1,000", "no checkpoint of this program")]
    [InlineData("epoch_examples", "-1", "no checkpoint of this program")]
    [InlineData("epoch_examples", "3000000000", "no checkpoint of this program")]
    [InlineData("epoch_correct", "x", "no checkpoint of this program")]
    [InlineData("epoch_cost", "", "no checkpoint of this program")]
    [InlineData("version", null, "version")]
    [InlineData("configuration", null, "configuration")]
    [InlineData("configuration", "null", "no checkpoint of this program")]
    [InlineData("configuration", "[]", "no checkpoint of this program")]
    [InlineData("configuration", "{}", "no checkpoint of this program")]
    [InlineData("configuration", """{"layers":null,"shards":1,"dataset_sha256":"cd"}""", "no checkpoint of this program")]
    [InlineData("configuration", """{"layers":"3-x","shards":1,"dataset_sha256":"cd"}""", "'3-x' is not a network")]
    [InlineData("configuration", """{"layers":"2-3","shards":1,"dataset_sha256":"cd"}""", "layers.0.weight has shape [2, 3]; [3, 2] fits")]
    [InlineData("configuration", """{"layers":"3-2-1","shards":1,"dataset_sha256":"cd"}""", "has no tensor layers.1.weight")]
    [InlineData("configuration", """{"layers":"1048576-1000","shards":1,"dataset_sha256":"cd"}""", "[1000, 1048576] fits")]
    [InlineData("format", "backprop-checkpoint/2", "has no format backprop-checkpoint/1")]
    public void Read_ImpossibleEntryWithARightChecksum_RefusedWithoutTakingMemory(string key, string? value, string expected)
    {
        string path = directory.Write("by-hand", ByHand(key, value));
        string message = "";
        long allocated = Refused.Allocated(() => message = Refused.Message(path, () => CheckpointFile.Read(path)));

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.InRange(allocated, 0, 1 << 20);
    }

    private static Checkpoint Read(string name, byte[] bytes) =>
        CheckpointFile.Read(name, SafetensorsFile.Read(name, new MemoryStream(bytes)));

    /// <summary>SHA-256 over "key=value\n" in the order of the keys, then each tensor's "name\n" and numbers.</summary>
    private static byte[] ByHand(string key = "format", string? value = CheckpointFile.Format)
    {
        var metadata = new SortedDictionary<string, string?>(StringComparer.Ordinal)
        {
            ["configuration"] = """{"layers":"3-2","shards":1,"learning_rate":0.5,"dataset_sha256":"cd"}""",
            ["epoch_correct"] = "0",
            ["epoch_cost"] = "0.25",
            ["epoch_examples"] = "1",
            ["format"] = "backprop-checkpoint/1",
            ["next_step"] = "12",
            ["version"] = "0.1.0",
            [key] = value,
        };
        if (value is null)
            metadata.Remove(key);
        byte[] hashed =
        [
            .. Encoding.UTF8.GetBytes(string.Concat(metadata.Select(entry => $"{entry.Key}={entry.Value}\n"))),
            .. "layers.0.weight\n"u8, .. SafetensorsBytes.Floats(1, 2, 3, 4, 5, 6), .. "layers.0.bias\n"u8, .. SafetensorsBytes.Floats(7, 8),
        ];
        metadata["checksum"] = Convert.ToHexStringLower(SHA256.HashData(hashed));
        string header =
            $$$"""{"__metadata__":{{{JsonSerializer.Serialize(metadata)}}},"""
            + """ "layers.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"layers.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}}""";
        return SafetensorsBytes.Of(header, 1, 2, 3, 4, 5, 6, 7, 8);
    }

    private static Checkpoint Sample(bool hasVelocity) => new(
        configuration, "0.1.0+\"ä\"", 5_000_000_000, Filled(1), new OptimizerState(hasVelocity ? Filled(-1) : null), new NodeTotals(12, 5, 0.1 + 0.2));

    /// <summary>W = ±(1 2 3; 4 5 6), b = ±(7, 8).</summary>
    private static Parameters Filled(int sign)
    {
        var parameters = new Parameters(NetworkShape.Parse("3-2"));
        for (int j = 0; j < 2; j++)
        {
            for (int k = 0; k < 3; k++)
                parameters.Layers[0].Weights[j, k] = sign * ((3 * j) + k + 1);
            parameters.Layers[0].Biases.Values[j] = sign * (7 + j);
        }

        return parameters;
    }
}
