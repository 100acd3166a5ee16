using Backprop.Core.Costs;
using Backprop.Core.Model;

namespace Backprop.Core.Tests.Model;

/// <summary>
/// The oracle: the cost of one example in double precision, written straight from the definitions, and its slope by
/// central differences.
/// </summary>
internal sealed class DoubleNetwork
{
    private readonly double[][,] weights;
    private readonly double[][] biases;
    private readonly string[][] functions;
    private readonly string cost;

    /// <param name="functions">The function of each neuron of each layer after the input.</param>
    public DoubleNetwork(Parameters parameters, string[][] functions, ICost cost)
    {
        this.functions = functions;
        this.cost = cost.Name;
        weights = new double[parameters.Layers.Count][,];
        biases = new double[parameters.Layers.Count][];
        for (int l = 0; l < parameters.Layers.Count; l++)
        {
            LayerParameters layer = parameters.Layers[l];
            weights[l] = new double[layer.Outputs, layer.Inputs];
            biases[l] = [.. layer.Biases.Values.ToArray().Select(b => (double)b)];
            for (int j = 0; j < layer.Outputs; j++)
            {
                for (int k = 0; k < layer.Inputs; k++)
                    weights[l][j, k] = layer.Weights[j, k];
            }
        }
    }

    public double Cost(float[] x, float[] y)
    {
        double[] a = [.. x.Select(value => (double)value)];
        for (int l = 0; l < weights.Length; l++)
        {
            double[] z = [.. biases[l]];
            for (int j = 0; j < z.Length; j++)
            {
                for (int k = 0; k < a.Length; k++)
                    z[j] += weights[l][j, k] * a[k];
            }

            a = [.. z.Select((value, j) => Apply(functions[l][j], value, z))];
        }

        return cost switch
        {
            "quadratic" => 0.5 * a.Zip(y, (aj, yj) => (aj - yj) * (aj - yj)).Sum(),
            "cross-entropy" => -a.Zip(y, (aj, yj) => (yj * Math.Log(aj)) + ((1 - yj) * Math.Log(1 - aj))).Sum(),
            _ => -a.Zip(y, (aj, yj) => yj * Math.Log(aj)).Sum(),
        };
    }

    /// <summary>(C(w + ε) − C(w − ε)) / 2ε.</summary>
    public double WeightSlope(int layer, int j, int k, float[] x, float[] y) =>
        Slope(ref weights[layer][j, k], () => Cost(x, y));

    public double BiasSlope(int layer, int j, float[] x, float[] y) => Slope(ref biases[layer][j], () => Cost(x, y));

    private static double Slope(ref double value, Func<double> cost)
    {
        const double epsilon = 1e-6;
        double kept = value;
        value = kept + epsilon;
        double above = cost();
        value = kept - epsilon;
        double below = cost();
        value = kept;
        return (above - below) / (2 * epsilon);
    }

    private static double Apply(string function, double z, double[] all) => function switch
    {
        "sigmoid" => 1 / (1 + Math.Exp(-z)),
        "tanh" => Math.Tanh(z),
        "relu" => Math.Max(z, 0),
        "leaky-relu" => z > 0 ? z : 0.01 * z,
        "linear" => z,
        _ => Math.Exp(z) / all.Sum(Math.Exp),
    };
}
