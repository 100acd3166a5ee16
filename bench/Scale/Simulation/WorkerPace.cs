using Backprop.Core.Model;

namespace Backprop.Scale.Simulation;

/// <summary>How long a worker takes for its examples of a step, and when within that each layer is done.</summary>
/// <param name="points">Seconds of a whole step for some numbers of examples, ascending; between them it is linear.</param>
internal sealed class WorkerPace(NetworkShape shape, IReadOnlyList<(double Examples, double Seconds)> points)
{
    /// <summary>So many examples a second, however few they are.</summary>
    public static WorkerPace At(NetworkShape shape, double examplesPerSecond) => new(shape, [(1, 1 / examplesPerSecond)]);

    /// <summary>Seconds of a whole step.</summary>
    public double Seconds(double examples)
    {
        (double Examples, double Seconds) before = (0, 0);
        foreach ((double Examples, double Seconds) point in points)
        {
            if (examples <= point.Examples)
            {
                // Below the first point it is a straight line through it, which the smallest steps never reach.
                double share = (examples - before.Examples) / (point.Examples - before.Examples);
                return before.Seconds + (share * (point.Seconds - before.Seconds));
            }

            before = point;
        }

        return before.Seconds * examples / before.Examples;
    }

    /// <summary>
    /// Seconds of each stage in its order: forward from the first layer to the last, then backward from the last to the first.
    /// A stage's part is that of its floating-point operations; gathering and costs go with the products beside them.
    /// </summary>
    public double[] Stages(double examples)
    {
        int layers = shape.LayerCount;
        var operations = new double[2 * layers];
        for (int layer = 0; layer < layers; layer++)
        {
            double product = (double)shape.Sizes[layer] * shape.Sizes[layer + 1];
            operations[layer] = product;

            // BP4, and BP2 for the layer before, which no error goes back to from the first.
            operations[(2 * layers) - 1 - layer] = layer == 0 ? product : 2 * product;
        }

        double all = operations.Sum();
        double seconds = Seconds(examples);
        return [.. operations.Select(count => seconds * count / all)];
    }
}
