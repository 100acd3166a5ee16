using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Core.Tests.Model;
using Backprop.Core.Training;

namespace Backprop.Core.Tests.Training;

public sealed class LocalTrainerTests
{
    private static readonly Dataset clouds =
        new("clouds", RandomExamples.Clouds(1, 203, 6), RandomExamples.Clouds(2, 100, 6));

    [Theory]
    [InlineData("sigmoid", "quadratic", 3.0)]
    [InlineData("sigmoid", "cross-entropy", 0.5)]
    [InlineData("tanh,softmax", "log-likelihood", 0.3)]
    [InlineData("relu,softmax", "log-likelihood", 0.1)]
    [InlineData("leaky-relu,softmax", "quadratic", 0.5)]
    [InlineData("linear,sigmoid", "cross-entropy", 0.1)]
    public void Run_TwoClouds_Learns(string activations, string cost, double rate)
    {
        var record = new TrainingRecord();

        Run(Configuration with { Activations = activations, Cost = cost, LearningRate = rate }, record);

        Assert.InRange(record.Epochs[^1].TestAccuracy, 0.95, 1);
        Assert.True(record.Epochs[^1].TrainingLoss < record.Epochs[0].TrainingLoss / 2);
        Assert.True(record.Epochs[^1].TestLoss < record.Epochs[0].TestLoss);
    }

    [Fact]
    public void Run_OneTwoOrThreeThreads_SameWeights()
    {
        var expected = new TrainingRecord();
        string hash = Run(Configuration, expected).ComputeSha256();
        foreach (int threads in new[] { 2, 3 })
        {
            var record = new TrainingRecord();
            Assert.Equal(hash, Run(Configuration, record, threads).ComputeSha256());
            Assert.Equal(expected.Steps, record.Steps);
            Assert.Equal(
                expected.Epochs.Select(epoch => epoch.TestLoss), record.Epochs.Select(epoch => epoch.TestLoss));
        }
    }

    // The hash is this project's own, kept since runs gave the same with 16, 8, 4 and 1 elements a vector
    // (DOTNET_EnableAVX512=0, DOTNET_EnableAVX2=0, DOTNET_EnableHWIntrinsic=0). A change that moves it changes
    // everyone's results: it must be meant, and said in the change log.
    [Fact]
    public void Run_FixedConfiguration_KnownWeights()
    {
        RunConfiguration configuration = Configuration with
        {
            Layers = "6-33-9-2", Activations = "tanh,sigmoid,softmax", Cost = "log-likelihood", LearningRate = 0.3,
            Momentum = 0.5, L2 = 0.001, Schedule = "step:2:0.7",
        };

        string hash = Run(configuration, new TrainingRecord()).ComputeSha256();

        Assert.Equal("040b3bd2e57e93408d1f594645f5827cf46fde4b610c86a443743084cd02c6c4", hash);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Run_ResumedFromAnyCheckpoint_SameWeightsAndLosses(int checkpointEvery)
    {
        RunConfiguration configuration = Configuration with { Momentum = 0.8, L2 = 0.001, Schedule = "step:2:0.5" };
        var whole = new TrainingRecord();
        string hash = Run(configuration, whole, 1, checkpointEvery).ComputeSha256();
        using var trainer = Trainer(configuration, 1);
        foreach (TrainingStart checkpoint in whole.Checkpoints)
        {
            var rest = new TrainingRecord();
            Parameters final = trainer.Run(
                checkpoint, Plan(configuration, checkpointEvery), rest, TestContext.Current.CancellationToken);

            Assert.Equal(hash, final.ComputeSha256());
            Assert.Equal(whole.Steps.Skip((int)checkpoint.NextStep), rest.Steps);
            Assert.Equal(
                whole.Epochs.TakeLast(rest.Epochs.Count).Select(epoch => epoch with { TrainingTime = default }),
                rest.Epochs.Select(epoch => epoch with { TrainingTime = default }));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void Run_ResumedBeforeAnEvaluation_EvaluatesFirst(int checkpointEvery)
    {
        // Steps 0 to 41 are the first two epochs, the last of them still to be evaluated: both may be the run's last.
        foreach (int epochs in new[] { 2, 5 })
        {
            RunConfiguration configuration = Configuration with { Epochs = epochs };
            var whole = new TrainingRecord();
            string hash = Run(configuration, whole, 1, checkpointEvery).ComputeSha256();
            NodeTotals totals = default;
            foreach (NodeTotals step in whole.Steps.Skip(21).Take(21))
                totals += step;
            TrainingStart evaluated = whole.Checkpoints.Single(checkpoint => checkpoint.NextStep == 42);
            var rest = new TrainingRecord();
            using var trainer = Trainer(configuration, 1);

            Parameters final = trainer.Run(
                evaluated with { EpochTotals = totals }, Plan(configuration, checkpointEvery), rest, TestContext.Current.CancellationToken);

            Assert.Equal(hash, final.ComputeSha256());
            Assert.Equal(
                whole.Epochs.Skip(1).Select(epoch => epoch with { TrainingTime = default }),
                rest.Epochs.Select(epoch => epoch with { TrainingTime = default }));

            // The epoch's checkpoint comes again, with nothing left to evaluate.
            Assert.Equal((42L, default(NodeTotals)), (rest.Checkpoints[0].NextStep, rest.Checkpoints[0].EpochTotals));
        }
    }

    [Fact]
    public void Run_LastMiniBatchSmaller_EveryExampleOnceAnEpoch()
    {
        // 203 examples in mini-batches of 10: 21 steps, the last of 3.
        var record = new TrainingRecord();

        Run(Configuration with { Epochs = 2 }, record);

        Assert.Equal(42, record.Steps.Count);
        Assert.Equal(3, record.Steps[20].ExampleCount);
        Assert.Equal(406, record.Steps.Sum(step => step.ExampleCount));
        Assert.Equal([21L, 42L], record.Epochs.Select(epoch => epoch.Step));
        for (int epoch = 0; epoch < 2; epoch++)
        {
            double cost = 0;
            foreach (NodeTotals step in record.Steps.Skip(21 * epoch).Take(21))
                cost += step.Cost;
            Assert.Equal(cost / 203, record.Epochs[epoch].TrainingLoss);
        }
    }

    [Fact]
    public void Run_Cancelled_CheckpointThatGivesTheSameWeights()
    {
        string hash = Run(Configuration, new TrainingRecord()).ComputeSha256();
        using var cancellation = new CancellationTokenSource();
        var record = new TrainingRecord
        {
            OnStep = step =>
            {
                if (step == 30)
                    cancellation.Cancel();
            },
        };
        using var trainer = Trainer(Configuration, 1);
        Assert.Throws<OperationCanceledException>(() =>
            trainer.Run(Initial(Configuration), Plan(Configuration), record, cancellation.Token));

        TrainingStart checkpoint = record.Checkpoints[^1];
        Assert.Equal(31, checkpoint.NextStep);
        Assert.Equal(100, checkpoint.EpochTotals.ExampleCount); // steps 21 to 30 of the second epoch
        Assert.Equal(
            hash,
            trainer.Run(checkpoint, Plan(Configuration), new TrainingRecord(), TestContext.Current.CancellationToken)
                .ComputeSha256());
    }

    [Fact]
    public void Run_HugeLearningRate_SaysThatItDiverged()
    {
        var record = new TrainingRecord();
        var error = Assert.Throws<UserErrorException>(() =>
            Run(Configuration with { Activations = "linear", LearningRate = 1e30 }, record));

        Assert.StartsWith("training diverged at step ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("; try a smaller --learning-rate than 1E+30", error.Message, StringComparison.Ordinal);
        Assert.All(record.Checkpoints, checkpoint => Assert.True(checkpoint.Parameters.AreFinite()));
    }

    [Fact]
    public void Run_PlainDescent_EqualsTheDefinitionStepByStep()
    {
        // Equations BP1 to BP4 and the descent in double precision by the oracle's slopes, for three steps.
        RunConfiguration configuration = Configuration with { Epochs = 1, Shuffle = false, Layers = "6-3-2" };
        Parameters expected = Initial(configuration);
        var model = NetworkModel.Create(configuration.Shape, configuration.Activations, configuration.Cost);
        string[][] functions =
            [.. configuration.Shape.Sizes.Skip(1).Select(n => Enumerable.Repeat("sigmoid", n).ToArray())];
        TrainingPlan plan = Plan(configuration) with { TrainingExamples = 30 };
        for (int step = 0; step < 3; step++)
        {
            var oracle = new DoubleNetwork(expected, functions, model.Cost);
            Parameters next = expected.Copy();
            for (int example = step * 10; example < (step + 1) * 10; example++)
            {
                float[] x = new float[6];
                clouds.Training.CopyInputs([example], new Core.LinearAlgebra.ColumnBlock(x, 0, 6, 1));
                float[] y = clouds.Training.LabelOf(example) == 0 ? [1f, 0f] : [0f, 1f];
                for (int l = 0; l < 2; l++)
                {
                    for (int j = 0; j < next.Layers[l].Outputs; j++)
                    {
                        next.Layers[l].Biases.Values[j] -= (float)(0.3 * oracle.BiasSlope(l, j, x, y));
                        for (int k = 0; k < next.Layers[l].Inputs; k++)
                            next.Layers[l].Weights[j, k] -= (float)(0.3 * oracle.WeightSlope(l, j, k, x, y));
                    }
                }
            }

            expected = next;
        }

        using var trainer = Trainer(configuration, 1);
        Parameters given = trainer.Run(
            Initial(configuration), plan, new TrainingRecord(), TestContext.Current.CancellationToken);

        for (int l = 0; l < 2; l++)
        {
            for (int i = 0; i < given.Layers[l].Weights.Values.Length; i++)
                Assert.Equal(expected.Layers[l].Weights.Values[i], given.Layers[l].Weights.Values[i], 1e-5f);
        }
    }

    private static RunConfiguration Configuration => new()
    {
        Layers = "6-8-2", Shards = 4, DatasetSha256 = "", Epochs = 5, MiniBatch = 10,
    };

    private static TrainingPlan Plan(RunConfiguration configuration, int checkpointEvery = 0) =>
        configuration.Plan(clouds.Training.Count, clouds.Test.Count, checkpointEvery);

    private static Parameters Initial(RunConfiguration configuration) =>
        ParameterInitializers.Create(configuration.Initializer, configuration.Shape, configuration.Seed);

    private static LocalTrainer Trainer(RunConfiguration configuration, int threads) =>
        new(
            clouds, configuration,
            NetworkModel.Create(configuration.Shape, configuration.Activations, configuration.Cost), threads);

    private static Parameters Run(
        RunConfiguration configuration, ITrainingObserver observer, int threads = 1, int checkpointEvery = 0)
    {
        using LocalTrainer trainer = Trainer(configuration, threads);
        return trainer.Run(
            Initial(configuration), Plan(configuration, checkpointEvery), observer,
            TestContext.Current.CancellationToken);
    }
}
