using Backprop.Cluster.Tests.Reports;
using Backprop.Coordinator;
using Backprop.Coordinator.Commands;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;
using Backprop.Protos;
using Backprop.Serving;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>What a coordinator updates its weights with, in a run whose weights are all alike, so that what comes of a step can be told beforehand.</summary>
internal sealed class UniformRun : IDisposable
{
    /// <summary>Each before the first step.</summary>
    public const float Weight = 1;

    /// <summary>η.</summary>
    public const float Rate = 0.25f;

    private readonly string activations;
    private readonly ThreadTeam threads;

    /// <param name="layers">64 inputs and 10 outputs.</param>
    public UniformRun(string layers, string activations, int threadCount)
    {
        this.activations = activations;
        Shape = NetworkShape.Parse(layers);
        threads = new ThreadTeam(threadCount);
        Team = new ModelTeam(threads, Shape);
        var dataset = new Dataset("tiny", Examples(12), Examples(3));
        Session = RunSession.Open(new Welcome { RunId = "run" }, Shape, dataset, null, new HashSet<string>(), TimeProvider.System);
    }

    public NetworkShape Shape { get; }

    public RunSession Session { get; }

    public ModelTeam Team { get; }

    public static Parameters Filled(NetworkShape shape, float number)
    {
        var filled = new Parameters(shape);
        foreach (LayerParameters layer in filled.Layers)
            layer.Numbers.Span.Fill(number);
        return filled;
    }

    public static void AllAre(float number, Parameters parameters) =>
        Assert.All(parameters.Layers, layer => Assert.DoesNotContain(layer.Numbers.ToArray(), other => other != number));

    public void Dispose() => threads.Dispose();

    /// <summary>Updates that begin before the first step.</summary>
    public WeightsUpdate Update(double momentum = 0)
    {
        RunConfiguration configuration = SampleRun.Configuration with
        {
            Layers = Shape.ToString(), Activations = activations, LearningRate = Rate, Momentum = momentum, L2 = 0, Schedule = "constant",
        };
        Dataset dataset = Session.Dataset;
        var setup = new RunSetup(
            configuration, NetworkModel.Create(Shape, configuration.Activations, configuration.Cost),
            configuration.Plan(dataset.Training.Count, dataset.Test.Count, checkpointEvery: 0), dataset, new TrainingStart(Filled(Shape, Weight)));
        return new WeightsUpdate(setup, Session, Team, OptimizerCatalog.Create(configuration));
    }

    private static ExampleSet Examples(int count) => ExampleSet.FromBytes(new byte[count * 64], 16, new int[count], 64, 10);
}
