using System.Text.Json;
using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.Training;

namespace Backprop.Cluster.Tests.Reports;

public sealed class ConfigFileTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Write_Configuration_NamesAllThatDeterminesTheResult()
    {
        using JsonDocument written = JsonDocument.Parse(ConfigFile.ToJson(SampleRun.Description));
        JsonElement config = written.RootElement;

        // The options of train that change the result, the hashes of what they name, and what a resume needs beside them.
        Assert.Equal(
            [
                "activations", "audit", "checkpoint_every", "cost", "data", "dataset", "dataset_sha256", "epochs", "init_sha256", "initializer", "l2",
                "layers", "learning_rate", "mini_batch", "momentum", "optimizer", "schedule", "seed", "shards", "shuffle", "test_examples",
                "training_examples", "versions",
            ],
            config.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.Equal("tiny", config.GetProperty("dataset").GetString());
        Assert.Equal("4-3-2", config.GetProperty("layers").GetString());
        Assert.Equal("relu,softmax", config.GetProperty("activations").GetString());
        Assert.Equal(0.1, config.GetProperty("learning_rate").GetDouble());
        Assert.Equal(ulong.MaxValue, config.GetProperty("seed").GetUInt64());
        Assert.False(config.GetProperty("shuffle").GetBoolean());
        Assert.Equal("cd34", config.GetProperty("dataset_sha256").GetString());
    }

    [Fact]
    public void Write_Versions_AreThoseThatRan()
    {
        using JsonDocument written = JsonDocument.Parse(ConfigFile.ToJson(SampleRun.Description));
        JsonElement versions = written.RootElement.GetProperty("versions");
        Assert.Equal(["architecture", "backprop", "dotnet", "os"], versions.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.Matches(@"^\d+\.\d+\.\d+", versions.GetProperty("backprop").GetString()!);
        Assert.Equal(Environment.Version.ToString(), versions.GetProperty("dotnet").GetString());
    }

    [Fact]
    public void Read_WhatWasWritten_IsTheSameConfiguration()
    {
        string path = Path.Combine(directory.Path, ConfigFile.Name);
        foreach (RunConfiguration configuration in (RunConfiguration[])
            [
                SampleRun.Configuration,
                SampleRun.Configuration with { InitSha256 = null, LearningRate = 1.0 / 3, L2 = double.Epsilon, Seed = 0 },
                new RunConfiguration { Layers = "64-30-10", Shards = 4, DatasetSha256 = "" },
            ])
        {
            ConfigFile.Write(path, SampleRun.Description with { Configuration = configuration, DatasetName = "a \"data\" set, <né>" });
            Assert.Equal(new SavedConfiguration(configuration, new DatasetRequest("digits"), 12, 3, 2, 0.25), ConfigFile.Read(path));
        }

        Assert.Equal([path], directory.Entries());
    }

    /// <summary>A resume from another directory has to find the same files.</summary>
    [Fact]
    public void Read_RelativePaths_AreWholeOnes()
    {
        string path = Path.Combine(directory.Path, ConfigFile.Name);
        ConfigFile.Write(path, SampleRun.Description with { Data = new DatasetRequest("a.csv", "data", "../b.csv", "3") });
        string here = Directory.GetCurrentDirectory();
        Assert.Equal(
            new DatasetRequest(
                Path.Combine(here, "a.csv"), Path.Combine(here, "data"), Path.Combine(Path.GetDirectoryName(here)!, "b.csv"), "3"),
            ConfigFile.Read(path).Data);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"layers\": \"4-3-2\"}")] // without its required fields
    [InlineData("{\"layers\": \"4-3-2\", \"shards\": \"two\", \"dataset_sha256\": \"\"}")]
    [InlineData("{\"layers\": \"4-3-2\", \"sha")]
    public void Read_SomethingElse_NamesTheFile(string text)
    {
        string path = directory.Write("other.json", text);
        UserErrorException error = Assert.Throws<UserErrorException>(() => ConfigFile.Read(path));
        Assert.StartsWith($"{path} is not a run's configuration: ", error.Message, StringComparison.Ordinal);
    }
}
