namespace Backprop.Core.Reference;

/// <summary>σ of one neuron in double precision, and its slope.</summary>
/// <param name="Value">a = σ(z).</param>
/// <param name="Slope">σ′(z) as a function of a = σ(z), which all of these functions allow.</param>
/// <param name="HasKink">True where σ′ jumps at z = 0: a difference quotient across it estimates no derivative.</param>
public sealed record NeuronFunction(
    string Name, Func<double, double> Value, Func<double, double> Slope, bool HasKink = false)
{
    private const double Leak = 0.01;

    private static readonly NeuronFunction[] all =
    [
        new("sigmoid", Sigmoid, a => a * (1 - a)),
        new("tanh", Math.Tanh, a => 1 - (a * a)),
        new("relu", z => Math.Max(z, 0), a => a > 0 ? 1 : 0, HasKink: true),
        new("leaky-relu", z => z > 0 ? z : Leak * z, a => a > 0 ? 1 : Leak, HasKink: true),
        new("linear", z => z, _ => 1),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. all.Select(function => function.Name)];

    /// <exception cref="ArgumentException">There is no such function of a single neuron.</exception>
    public static NeuronFunction Named(string name) =>
        Array.Find(all, function => function.Name == name)
        ?? throw new ArgumentException($"No function of a neuron is called '{name}'; there are {string.Join(", ", Names)}.");

    /// <summary>1/(1 + e^−z), without an exponential that overflows.</summary>
    private static double Sigmoid(double z)
    {
        double tail = Math.Exp(-Math.Abs(z));
        return z >= 0 ? 1 / (1 + tail) : tail / (1 + tail);
    }
}
