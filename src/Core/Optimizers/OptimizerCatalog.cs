using System.Globalization;
using Backprop.Core.Training;

namespace Backprop.Core.Optimizers;

/// <summary>The optimizers by their names.</summary>
public static class OptimizerCatalog
{
    public static IReadOnlyList<string> Names { get; } = ["sgd"];

    /// <exception cref="UserErrorException">An unknown name or an impossible value.</exception>
    public static IOptimizer Create(RunConfiguration configuration)
    {
        if (!Names.Contains(configuration.Optimizer))
        {
            throw new UserErrorException(
                $"--optimizer knows no '{configuration.Optimizer}'; try {string.Join(", ", Names)}");
        }

        if (!(configuration.LearningRate > 0) || !float.IsFinite((float)configuration.LearningRate))
            throw Refusal("--learning-rate", configuration.LearningRate, "a number above 0, such as 3.0");
        if (configuration.Momentum is not (>= 0 and < 1))
            throw Refusal("--momentum", configuration.Momentum, "a number from 0 to below 1, such as 0.9");
        if (!(configuration.L2 >= 0) || !float.IsFinite((float)configuration.L2))
            throw Refusal("--l2", configuration.L2, "0 or a small number above it, such as 0.0001");
        return new StochasticGradientDescent(configuration.Momentum, configuration.L2);
    }

    private static UserErrorException Refusal(string option, double given, string fitting) =>
        new($"{option} {given.ToString(CultureInfo.InvariantCulture)} does not fit; try {fitting}");
}
