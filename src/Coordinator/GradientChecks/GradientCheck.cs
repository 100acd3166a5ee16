using Backprop.Coordinator.Commands;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Reference;
using Backprop.Core.Sharding;
using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Coordinator.GradientChecks;

/// <summary>Computes a mini-batch's gradient in every form, compares each with the matrix form, and times it.</summary>
internal static class GradientCheck
{
    /// <summary>Finite differences of so many weights and biases take a few seconds on 784 inputs.</summary>
    private const int DerivativesAtMost = 2500;

    /// <summary>Rounding of training's single precision beside the largest derivative.</summary>
    private const double SinglePrecision = 1e-4;

    private const ulong Seed = 46;
    private const int RunsAtMost = 200;
    private static readonly TimeSpan MeasuredTime = TimeSpan.FromMilliseconds(300);

    public static GradientReport Run(RunSetup setup, TimeProvider time)
    {
        // One thread for every form: the times are to be compared.
        Control.UseSingleThread();
        int count = setup.Configuration.MiniBatch;
        ReferenceNetwork network = ReferenceNetwork.Create(
            ReferenceParameters.From(setup.InitialParameters), setup.Configuration.Activations, setup.Configuration.Cost);
        ReferenceBatch batch = FirstExamples(setup.Dataset.Training, count);
        IReadOnlyList<GradientForm> forms = GradientForms.All(network, batch, DerivativesAtMost, Seed);

        TimeSpan forward = MedianTime(() => ReferenceForwardPass.Run(network, batch.Inputs), time);
        var rows = forms.Select(form => Row(form, network, forward, time)).ToList();
        rows.Insert(1, TrainingRow(setup, forms[0].Expected, forward, time));
        return new GradientReport(
            network.Shape.ToString(), setup.Configuration.Activations, setup.Configuration.Cost, setup.Dataset.Name, count,
            network.Parameters.Count, Largest(forms[0].Expected), forward, rows);
    }

    private static GradientRow Row(GradientForm form, ReferenceNetwork chosen, TimeSpan forward, TimeProvider time)
    {
        IReadOnlyList<double?> derivatives = [];
        TimeSpan taken = MedianTime(() => derivatives = form.Compute(), time) * form.ScaleToAll;
        double difference = form.LargestDifference(derivatives);
        bool isChosen = ReferenceEquals(form.Network, chosen);
        return new GradientRow(
            form.Name, form.Equation, form.Passes, isChosen ? null : form.Network.Shape.ToString(), taken,
            isChosen ? taken / forward : null, difference, form.Allowed);
    }

    /// <summary>The form that training computes: single precision, this project's own product, shards and tree.</summary>
    private static GradientRow TrainingRow(RunSetup setup, IReadOnlyList<double> expected, TimeSpan forward, TimeProvider time)
    {
        int count = setup.Configuration.MiniBatch;
        int[] positions = [.. Enumerable.Range(0, count)];
        using var team = new ThreadTeam(1);
        var backpropagation = new NodeBackpropagation(setup.Model, count, team);
        var collector = new NodeValueCollector(setup.Model.Shape);
        var root = new ShardNode(0, setup.Plan.Shards);
        void Compute() => backpropagation.Train(
            setup.Dataset.Training, positions, setup.InitialParameters, [root], setup.Plan.Shards, count,
            IParameterGate.Open, collector);

        TimeSpan taken = MedianTime(Compute, time);
        var widened = new ReferenceParameters(setup.Model.Shape);
        for (int layer = 0; layer < widened.Weights.Count; layer++)
            widened.SetLayer(layer, collector.Values[root].Layers[layer]);
        double difference = GradientForms.Flat(widened).Zip(expected, (a, b) => Math.Abs(a - b)).Max();
        return new GradientRow(
            "as training computes it", "BP1-BP4", "1 forward + 1 backward, float32", null, taken, taken / forward, difference,
            SinglePrecision * Math.Max(Largest(expected), 1e-3));
    }

    private static double Largest(IReadOnlyList<double> derivatives) => derivatives.Max(Math.Abs);

    /// <summary>The training set's first examples, in the file's order, in double precision.</summary>
    private static ReferenceBatch FirstExamples(ExampleSet examples, int count)
    {
        int[] positions = [.. Enumerable.Range(0, count)];
        float[] inputs = new float[examples.InputCount * count];
        float[] targets = new float[examples.ClassCount * count];
        examples.CopyInputs(positions, new ColumnBlock(inputs, 0, examples.InputCount, count));
        examples.CopyTargets(positions, new ColumnBlock(targets, 0, examples.ClassCount, count));
        return new ReferenceBatch(
            new DenseMatrix(examples.InputCount, count, [.. inputs.Select(value => (double)value)]),
            new DenseMatrix(examples.ClassCount, count, [.. targets.Select(value => (double)value)]));
    }

    /// <summary>The median of several runs after the first, whose code is new; of long work, the first run's time.</summary>
    private static TimeSpan MedianTime(Action work, TimeProvider time)
    {
        long start = time.GetTimestamp();
        work();
        if (time.GetElapsedTime(start) is var first && first > MeasuredTime)
            return first;
        var times = new List<TimeSpan>();
        start = time.GetTimestamp();
        do
        {
            long begin = time.GetTimestamp();
            work();
            times.Add(time.GetElapsedTime(begin));
        }
        while (times.Count < RunsAtMost && time.GetElapsedTime(start) < MeasuredTime);
        times.Sort();
        return times[times.Count / 2];
    }
}
