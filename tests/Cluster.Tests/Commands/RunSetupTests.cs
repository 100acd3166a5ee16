using System.CommandLine;
using Backprop.CommandLine;
using Backprop.Coordinator.Commands;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.Formats;
using Backprop.Core.Model;

namespace Backprop.Cluster.Tests.Commands;

/// <summary>Options against a data set of 12 training and 3 test examples, 4 inputs, 3 classes.</summary>
public sealed class RunSetupTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Create_NoOptions_TakesDefaultsAndShapeOfData()
    {
        RunSetup setup = RunSetup.Create(Options(), Tiny());

        Assert.Equal("4-30-3", setup.Configuration.Layers);
        Assert.Equal("sigmoid", setup.Configuration.Activations);
        Assert.Equal(3.0, setup.Configuration.LearningRate);
        Assert.Equal(Tiny().Sha256, setup.Configuration.DatasetSha256);

        // 10 examples a step over 12 examples: two steps an epoch, 30 epochs.
        Assert.Equal(60, setup.Plan.StepCount);

        // The smallest power of two that is at least 10 / 4.
        Assert.Equal(4, setup.Configuration.Shards);
        Assert.Equal("4-30-3", setup.InitialParameters.Shape.ToString());
        Assert.Null(setup.Configuration.InitSha256);
    }

    [Fact]
    public void Create_AllOptions_ReachTheConfiguration()
    {
        TrainOptions options = Options(
            "--layers", "4-7-3", "--activations", "relu,softmax", "--cost", "log-likelihood", "--learning-rate", "0.25",
            "--momentum", "0.9", "--l2", "1e-4", "--schedule", "step:10:0.5", "--mini-batch", "6", "--epochs", "2",
            "--shards", "16", "--shuffle", "false", "--seed", "18446744073709551615", "--checkpoint-every", "3");
        RunSetup setup = RunSetup.Create(options, Tiny());

        Assert.Equal(
            ("4-7-3", "relu,softmax", "log-likelihood", 0.25, 0.9, 1e-4, "step:10:0.5"),
            (setup.Configuration.Layers, setup.Configuration.Activations, setup.Configuration.Cost,
                setup.Configuration.LearningRate, setup.Configuration.Momentum, setup.Configuration.L2,
                setup.Configuration.Schedule));
        Assert.Equal(
            (6, 2, 16, false, ulong.MaxValue, 3),
            (setup.Configuration.MiniBatch, setup.Configuration.Epochs, setup.Configuration.Shards,
                setup.Configuration.Shuffle, setup.Configuration.Seed, setup.Plan.CheckpointEvery));
    }

    [Fact]
    public void Create_InitialWeightsNotFinite_AreRefused()
    {
        var parameters = new Parameters(new NetworkShape(4, 5, 3));
        parameters.Layers[1].Biases.Values[2] = float.NaN;
        string path = Path.Combine(directory.Path, "diverged.safetensors");
        ModelFile.Write(path, parameters, new ModelMetadata("4-5-3", "sigmoid", "quadratic", "tiny", null));

        UserErrorException error = Assert.Throws<UserErrorException>(() => RunSetup.Create(Options("--init", path), Tiny()));

        Assert.StartsWith($"--init {path} holds a weight that is not a finite number", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_LayersOfAnotherData_NamesTheFittingOnes()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(
            () => RunSetup.Create(Options("--layers", "784-30-12"), Tiny()));
        Assert.Equal("--layers 784-30-12 does not fit data set tiny: 4 inputs and 3 classes; try 4-30-3.", error.Message);
    }

    [Fact]
    public void Create_MiniBatchAboveTrainingSet_SaysHowManyThereAre()
    {
        UserErrorException error = Assert.Throws<UserErrorException>(
            () => RunSetup.Create(Options("--mini-batch", "13"), Tiny()));
        Assert.Equal(
            "--mini-batch 13 does not fit data set tiny: it has 12 training examples; from 1 to 12 fit.", error.Message);
    }

    [Fact]
    public void Create_InitFile_StartsFromItsWeights()
    {
        string file = Path.Combine(directory.Path, "start.safetensors");
        Parameters start = ParameterInitializers.Create("scaled-gaussian", NetworkShape.Parse("4-5-3"), 77);
        ModelFile.Write(file, start, new ModelMetadata("4-5-3", "sigmoid", "quadratic", "tiny", null));

        RunSetup setup = RunSetup.Create(Options("--init", file), Tiny());

        Assert.Equal("4-5-3", setup.Configuration.Layers);
        Assert.Equal(start.ComputeSha256(), setup.Configuration.InitSha256);
        Assert.Equal(start.ComputeSha256(), setup.InitialParameters.ComputeSha256());
    }

    [Fact]
    public void Create_InitFileOfOtherLayers_NamesBoth()
    {
        string file = Path.Combine(directory.Path, "start.safetensors");
        NetworkShape shape = NetworkShape.Parse("4-5-3");
        ModelFile.Write(file, new Parameters(shape), new ModelMetadata("4-5-3", "sigmoid", "quadratic", "tiny", null));

        UserErrorException error = Assert.Throws<UserErrorException>(
            () => RunSetup.Create(Options("--init", file, "--layers", "4-6-3"), Tiny()));
        Assert.Contains("holds a network of 4-5-3, and --layers is 4-6-3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Workers_ShareTheCores()
    {
        Assert.Equal(Math.Max(1, Environment.ProcessorCount / 2), Options().Threads);
        Assert.Equal(Environment.ProcessorCount, Options("--in-process").Threads);
        Assert.Equal(Environment.ProcessorCount, Options("--workers", "0").Threads);
        Assert.Equal(1, Options("--workers", "256").Threads);
        Assert.Equal(3, Options("--threads", "3").Threads);
    }

    private static Dataset Tiny()
    {
        byte[] Pixels(int count) => Enumerable.Range(0, count * 4).Select(i => (byte)(i % 17)).ToArray();
        int[] Labels(int count) => Enumerable.Range(0, count).Select(i => i % 3).ToArray();
        return new Dataset(
            "tiny", ExampleSet.FromBytes(Pixels(12), 16, Labels(12), 4, 3), ExampleSet.FromBytes(Pixels(3), 16, Labels(3), 4, 3));
    }

    private static TrainOptions Options(params string[] arguments)
    {
        var command = new Command("train");
        foreach (Setting setting in TrainSettings.All)
            command.Options.Add(setting.Option);
        SettingSources nothing = SettingSources.Read(_ => null, "no-such-file.json", "Backprop", TrainSettings.All);
        return TrainOptionsReader.Read(new SettingValues(command.Parse(arguments), nothing));
    }
}
