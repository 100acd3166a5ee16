using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Data;

/// <summary>Examples with their classes, in the order of their file. Immutable: the arrays given become its own.</summary>
public sealed class ExampleSet
{
    // Examples that are on their way while one is copied. Measured.
    private const int PrefetchDistance = 16;

    private readonly int[] labels;

    private ExampleSet(ExampleInputs inputs, int[] labels, int classCount)
    {
        if (labels.Length != inputs.Count)
            throw new ArgumentException($"{inputs.Count} examples, but {labels.Length} labels.");
        if (classCount < 1)
            throw new ArgumentException($"{classCount} classes; at least one fits.");
        for (int example = 0; example < labels.Length; example++)
        {
            if ((uint)labels[example] >= (uint)classCount)
            {
                throw new ArgumentException(
                    $"Example {example} has label {labels[example]}; from 0 to {classCount - 1} fit.");
            }
        }

        Inputs = inputs;
        this.labels = labels;
        ClassCount = classCount;
    }

    public int Count => labels.Length;

    public int InputCount => Inputs.InputCount;

    public int ClassCount { get; }

    internal ExampleInputs Inputs { get; }

    internal ReadOnlyMemory<int> Labels => labels;

    /// <summary>Examples of byte values, input = (float)byte / divisor.</summary>
    /// <param name="values">Count × inputCount bytes, example after example.</param>
    /// <param name="divisor">The byte that becomes 1.0: from 1 to 255.</param>
    /// <param name="labels">One class an example.</param>
    /// <param name="inputCount">Inputs an example.</param>
    /// <param name="classCount">Classes; labels are from 0 to classCount − 1.</param>
    /// <exception cref="ArgumentException">Lengths do not fit together, or a label is out of range.</exception>
    public static ExampleSet FromBytes(byte[] values, int divisor, int[] labels, int inputCount, int classCount) =>
        new(new ByteInputs(values, divisor, inputCount), labels, classCount);

    /// <summary>Examples of numbers taken as they are.</summary>
    /// <param name="values">Count × inputCount numbers, example after example.</param>
    /// <param name="labels">One class an example.</param>
    /// <param name="inputCount">Inputs an example.</param>
    /// <param name="classCount">Classes; labels are from 0 to classCount − 1.</param>
    /// <exception cref="ArgumentException">Lengths do not fit together, or a label is out of range.</exception>
    public static ExampleSet FromFloats(float[] values, int[] labels, int inputCount, int classCount) =>
        new(new FloatInputs(values, inputCount), labels, classCount);

    public int LabelOf(int example) => labels[example];

    /// <summary>Gathers examples as the columns of X, scaled.</summary>
    /// <param name="examples">Which examples, in the order of the columns.</param>
    /// <param name="destination">Receives X, inputs × examples.</param>
    /// <exception cref="ArgumentException">The destination has another shape.</exception>
    public void CopyInputs(ReadOnlySpan<int> examples, ColumnBlock destination)
    {
        CheckShape("inputs", examples.Length, InputCount, destination);
        Prefetch(examples);
        for (int column = 0; column < examples.Length; column++)
        {
            int soon = column + PrefetchDistance;
            if (soon < examples.Length)
                Inputs.CopyTo(examples[column], destination.Column(column), examples[soon]);
            else
                Inputs.CopyTo(examples[column], destination.Column(column));
        }
    }

    /// <summary>
    /// Asks for the memory of the first of these examples, as many as are on their way while one is copied: <see cref="CopyInputs"/> does, and whoever has
    /// other work before it may do so sooner. Changes the speed, nothing else.
    /// </summary>
    public void Prefetch(ReadOnlySpan<int> examples)
    {
        foreach (int example in examples[..Math.Min(PrefetchDistance, examples.Length)])
            Inputs.Prefetch(example);
    }

    /// <summary>Gathers the examples' desired outputs as the columns of Y: 1 in the row of the class, else 0.</summary>
    /// <param name="examples">Which examples, in the order of the columns.</param>
    /// <param name="destination">Receives Y, classes × examples.</param>
    /// <exception cref="ArgumentException">The destination has another shape.</exception>
    public void CopyTargets(ReadOnlySpan<int> examples, ColumnBlock destination)
    {
        CheckShape("targets", examples.Length, ClassCount, destination);
        destination.Values.Clear();
        for (int column = 0; column < examples.Length; column++)
            destination.Column(column)[labels[examples[column]]] = 1f;
    }

    private static void CheckShape(string what, int examples, int rows, ColumnBlock destination)
    {
        if (destination.Rows != rows || destination.Columns != examples)
        {
            throw new ArgumentException(
                $"Cannot gather the {what} of {examples} examples into {destination}; expected {rows}x{examples}.");
        }
    }
}
