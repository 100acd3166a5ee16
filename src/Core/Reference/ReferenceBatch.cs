using Backprop.Core.Data;
using Backprop.Core.Model;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>A mini-batch in double precision, one example a column.</summary>
public sealed class ReferenceBatch
{
    private const ulong ExampleStream = 0x4558_414D_504C_4553;

    /// <param name="inputs">X, n[1] × B.</param>
    /// <param name="targets">Y, n[L] × B.</param>
    /// <exception cref="ArgumentException">There are not as many targets as inputs.</exception>
    public ReferenceBatch(DenseMatrix inputs, DenseMatrix targets)
    {
        if (inputs.ColumnCount != targets.ColumnCount)
        {
            throw new ArgumentException(
                $"Inputs are {inputs.RowCount}x{inputs.ColumnCount}, targets {targets.RowCount}x{targets.ColumnCount}; "
                + "expected as many columns in both.");
        }

        Inputs = inputs;
        Targets = targets;
    }

    public DenseMatrix Inputs { get; }

    public DenseMatrix Targets { get; }

    public int ExampleCount => Inputs.ColumnCount;

    /// <summary>
    /// Inputs from 0 to 1 that single precision holds exactly, and a random class for each example: one-hot, or, for
    /// a single output that is not softmax (whose only value is 1), 0 or 1.
    /// </summary>
    public static ReferenceBatch Random(NetworkShape shape, int exampleCount, ulong seed, bool softmaxOutput = false)
    {
        var random = new RandomSource(seed, ExampleStream);
        var inputs = new DenseMatrix(shape.Inputs, exampleCount);
        foreach (ref double input in inputs.Values.AsSpan())
            input = (float)random.NextDouble();

        var targets = new DenseMatrix(shape.Outputs, exampleCount);
        for (int column = 0; column < exampleCount; column++)
        {
            int label = random.NextInt(Math.Max(shape.Outputs, 2));
            if (shape.Outputs > 1)
                targets[label, column] = 1;
            else
                targets[0, column] = softmaxOutput ? 1 : label;
        }

        return new ReferenceBatch(inputs, targets);
    }
}
