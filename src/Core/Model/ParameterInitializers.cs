using Backprop.Core.Data;

namespace Backprop.Core.Model;

/// <summary>
/// Initial weights and biases by the initializer's name. All are drawn from a normal distribution around 0; the
/// initializers differ in its standard deviation.
/// </summary>
/// <remarks>
/// Each layer has its own random sequence (<see cref="RandomPurpose.InitialParameters"/>, the index from 0): first the
/// weights row by row, then the biases. A number is drawn for every weight and bias, even where the deviation is 0. A
/// deviation multiplies in double precision before the one rounding to float.
/// </remarks>
public static class ParameterInitializers
{
    private static readonly Initializer[] all =
    [
        // The chapter's improved start: a neuron's weighted input stays of order 1 however many inputs it has.
        new("scaled-gaussian", (inputs, _) => 1 / Math.Sqrt(inputs), 1),

        // The chapter's first start.
        new("gaussian", (_, _) => 1, 1),

        // Keeps the variance of activations and errors alike through tanh and sigmoid layers.
        new("glorot", (inputs, outputs) => Math.Sqrt(2.0 / ((double)inputs + outputs)), 0),

        // Makes up for the half of its inputs that relu drops.
        new("he", (inputs, _) => Math.Sqrt(2.0 / inputs), 0),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. all.Select(initializer => initializer.Name)];

    /// <exception cref="UserErrorException">There is no such initializer.</exception>
    public static void Check(string name) => Find(name);

    /// <exception cref="UserErrorException">There is no such initializer.</exception>
    public static Parameters Create(string name, NetworkShape shape, ulong seed)
    {
        Initializer initializer = Find(name);
        var parameters = new Parameters(shape);
        for (int l = 0; l < parameters.Layers.Count; l++)
        {
            LayerParameters layer = parameters.Layers[l];
            var random = new RandomSource(seed, RandomPurpose.InitialParameters, (ulong)l);
            double deviation = initializer.WeightDeviation(layer.Inputs, layer.Outputs);
            Span<float> weights = layer.Weights.Values;
            for (int j = 0; j < layer.Outputs; j++)
            {
                for (int k = 0; k < layer.Inputs; k++)
                    weights[(k * layer.Outputs) + j] = (float)(random.NextGaussian() * deviation);
            }

            Span<float> biases = layer.Biases.Values;
            for (int j = 0; j < layer.Outputs; j++)
                biases[j] = (float)(random.NextGaussian() * initializer.BiasDeviation);
        }

        return parameters;
    }

    private static Initializer Find(string name) =>
        Array.Find(all, initializer => initializer.Name == name)
        ?? throw new UserErrorException($"--initializer knows no '{name}'; try {string.Join(", ", Names)}");

    /// <param name="WeightDeviation">From (inputs, outputs) of the layer.</param>
    private sealed record Initializer(string Name, Func<int, int, double> WeightDeviation, double BiasDeviation);
}
