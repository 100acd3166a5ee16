namespace Backprop.Core.Activations;

/// <summary>The activation functions by their names.</summary>
public static class ActivationFunctions
{
    private static readonly IActivation[] all =
        [new Sigmoid(), new Tanh(), new Relu(), new LeakyRelu(), new Linear(), new Softmax()];

    public static IReadOnlyList<string> Names { get; } = [.. all.Select(activation => activation.Name)];

    /// <exception cref="UserErrorException">There is no such function.</exception>
    public static IActivation Named(string name) =>
        Array.Find(all, activation => activation.Name == name)
        ?? throw new UserErrorException($"--activations knows no '{name}'; try {string.Join(", ", Names)}");
}
