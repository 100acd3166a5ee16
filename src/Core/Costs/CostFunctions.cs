namespace Backprop.Core.Costs;

/// <summary>The cost functions by their names.</summary>
public static class CostFunctions
{
    private static readonly ICost[] all = [new QuadraticCost(), new CrossEntropyCost(), new LogLikelihoodCost()];

    public static IReadOnlyList<string> Names { get; } = [.. all.Select(cost => cost.Name)];

    /// <exception cref="UserErrorException">There is no such cost.</exception>
    public static ICost Named(string name) =>
        Array.Find(all, cost => cost.Name == name)
        ?? throw new UserErrorException($"--cost knows no '{name}'; try {string.Join(", ", Names)}");
}
