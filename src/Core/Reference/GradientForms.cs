using System.Globalization;
using Backprop.Core.Model;

namespace Backprop.Core.Reference;

/// <summary>The chapter's forms of the gradient on one network and mini-batch, ready to be computed and compared.</summary>
public static class GradientForms
{
    /// <summary>Where all paths of the chosen network are too many to walk: some hundred paths.</summary>
    public const string TinyLayers = "3-4-3-2";

    private const int TinyExamples = 5;
    private const double DoubleRounding = 1e-12;
    private const double OneSidedStep = 1e-6;
    private const double CentralStep = 1e-5;

    /// <summary>Every form, the matrix form first.</summary>
    /// <param name="derivativesAtMost">Finite differences are taken for so many weights and biases, chosen by the seed.</param>
    public static IReadOnlyList<GradientForm> All(
        ReferenceNetwork network, ReferenceBatch batch, int derivativesAtMost, ulong seed)
    {
        double[] matrix = Flat(MatrixBackpropagation.Gradient(network, batch));
        double rounding = DoubleRounding * Math.Max(Largest(matrix), 1e-3);
        IReadOnlyList<int> indices =
            FiniteDifferences.ChooseParameters(network.Parameters.Count, derivativesAtMost, seed);
        string examples = Number(batch.ExampleCount);
        return
        [
            new("matrix form", "BP1-BP4", "1 forward + 1 backward", network, 0, 1,
                () => Known(MatrixBackpropagation.Gradient(network, batch)), matrix),
            new("per example, summed", "BP1-BP4", $"{examples} x (1 + 1), vectors", network, rounding, 1,
                () => Known(PerExampleBackpropagation.Gradient(network, batch)), matrix),
            new("square matrices", "33-35", $"1 forward + {examples} chains", network, rounding, 1,
                () => Known(SquareMatrixBackpropagation.Gradient(network, batch)), matrix),
            Differences("one-sided differences", isCentral: false, OneSidedStep, network, batch, indices, matrix),
            Differences("central differences", isCentral: true, CentralStep, network, batch, indices, matrix),
            AllPaths(network, batch, seed),
            OneModifiedNeuron(seed),
            LinearNeurons(seed),
        ];
    }

    /// <summary>The numbers of a gradient in their order.</summary>
    public static double[] Flat(ReferenceParameters gradient)
    {
        double[] numbers = new double[gradient.Count];
        int next = 0;
        for (int layer = 0; layer < gradient.Weights.Count; layer++)
        {
            gradient.Weights[layer].Values.CopyTo(numbers, next);
            next += gradient.Weights[layer].Values.Length;
            gradient.Biases[layer].Values.CopyTo(numbers, next);
            next += gradient.Biases[layer].Values.Length;
        }

        return numbers;
    }

    private static double Largest(double[] gradient) => gradient.Max(Math.Abs);

    private static GradientForm Differences(
        string name, bool isCentral, double step, ReferenceNetwork network, ReferenceBatch batch,
        IReadOnlyList<int> indices, double[] matrix)
    {
        FiniteDifferenceEstimates Estimate() => isCentral
            ? FiniteDifferences.Central(network, batch, step, indices)
            : FiniteDifferences.OneSided(network, batch, step, indices);

        // The estimate's error is O(ε), O(ε²), and what subtracting two nearly equal costs loses.
        double cost = ReferenceForwardPass.Run(network, batch.Inputs).TotalCost(batch.Targets);
        double cancellation = 64 * 2.2e-16 * Math.Abs(cost) / step;
        double truncation = (isCentral ? 1e-7 : 1e-4) * Math.Max(Largest(matrix), 1e-3);
        double[] expected = [.. indices.Select(index => matrix[index])];
        long all = isCentral ? 2L * network.Parameters.Count : network.Parameters.Count + 1L;
        string some = indices.Count == network.Parameters.Count ? "" : $" for all; {Number(indices.Count)} weights done";
        return new(
            name, "46", $"{Number(all)} forward{some}", network, cancellation + truncation,
            (double)network.Parameters.Count / indices.Count, () => Undisturbed(Estimate()), expected);
    }

    /// <summary>On the chosen network where that is possible, else on a tiny one of the same kind.</summary>
    private static GradientForm AllPaths(ReferenceNetwork network, ReferenceBatch batch, ulong seed)
    {
        if (PathSum.Count(network, batch.ExampleCount) > PathSum.MaximumPaths / 10)
        {
            NetworkShape tiny = NetworkShape.Parse(TinyLayers);
            network = new ReferenceNetwork(
                ReferenceNetwork.RandomParameters(tiny, seed), KindOf(network), network.Cost);
            batch = ReferenceBatch.Random(tiny, TinyExamples, seed, network.Activations[^1] is ReferenceSoftmax);
        }

        return Exact(
            "sum over all paths", "53", $"{PathSum.Count(network, batch.ExampleCount).ToString("N0", CultureInfo.InvariantCulture)} paths",
            network, batch, () => Known(PathSum.Gradient(network, batch)));
    }

    /// <summary>The chapter's first problem: one neuron's function is another than its layer's.</summary>
    private static GradientForm OneModifiedNeuron(ulong seed)
    {
        NetworkShape shape = NetworkShape.Parse(TinyLayers);
        var network = new ReferenceNetwork(
            ReferenceNetwork.RandomParameters(shape, seed),
            [ReferenceActivation.Mixed(["sigmoid", "tanh", "sigmoid", "sigmoid"]), ReferenceActivation.Named("sigmoid"),
                ReferenceActivation.Named("sigmoid")],
            ReferenceCost.Named("quadratic"));
        ReferenceBatch batch = ReferenceBatch.Random(shape, TinyExamples, seed);
        return Exact("one modified neuron", "problem 1", "by all paths", network, batch,
            () => Known(PathSum.Gradient(network, batch)));
    }

    /// <summary>The chapter's second problem: σ(z) = z throughout.</summary>
    private static GradientForm LinearNeurons(ulong seed)
    {
        NetworkShape shape = NetworkShape.Parse(TinyLayers);
        ReferenceNetwork network =
            ReferenceNetwork.Create(ReferenceNetwork.RandomParameters(shape, seed), "linear", "quadratic");
        ReferenceBatch batch = ReferenceBatch.Random(shape, TinyExamples, seed);
        return Exact("linear neurons", "problem 2", "by all paths", network, batch,
            () => Known(PathSum.Gradient(network, batch)));
    }

    private static GradientForm Exact(
        string name, string equation, string passes, ReferenceNetwork network, ReferenceBatch batch, Func<IReadOnlyList<double?>> compute)
    {
        double[] matrix = Flat(MatrixBackpropagation.Gradient(network, batch));
        return new(
            name, equation, passes, network, DoubleRounding * Math.Max(Largest(matrix), 1e-3), 1, compute, matrix);
    }

    /// <summary>The functions of the last hidden layer and the output layer, for a network of three layers.</summary>
    private static ReferenceActivation[] KindOf(ReferenceNetwork network)
    {
        ReferenceActivation hidden = network.Activations[Math.Max(0, network.Activations.Count - 2)];
        if (hidden is ReferenceSoftmax)
            hidden = ReferenceActivation.Named("sigmoid");
        return [hidden, hidden, network.Activations[^1]];
    }

    private static double?[] Known(ReferenceParameters gradient) => [.. Flat(gradient).Select(value => (double?)value)];

    /// <summary>The estimates that no kink of relu disturbs.</summary>
    private static double?[] Undisturbed(FiniteDifferenceEstimates estimates) =>
        [.. estimates.Values.Select((value, i) => estimates.CrossesKink[i] ? (double?)null : value)];

    private static string Number(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
