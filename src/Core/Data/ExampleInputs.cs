namespace Backprop.Core.Data;

/// <summary>The inputs of a set of examples, example after example, in the form in which their file had them.</summary>
internal abstract class ExampleInputs
{
    protected ExampleInputs(int inputCount, long elementCount, string form)
    {
        if (inputCount < 1)
            throw new ArgumentException($"Examples of {inputCount} inputs; at least one fits.");
        if (elementCount % inputCount != 0)
            throw new ArgumentException($"{elementCount} {form} are not whole examples of {inputCount} inputs.");
        InputCount = inputCount;
        Count = (int)(elementCount / inputCount);
    }

    public int InputCount { get; }

    public int Count { get; }

    /// <summary>What a byte is divided by, from 1 to 255; 0 where the inputs are floats, taken as they are.</summary>
    public abstract int Divisor { get; }

    /// <param name="example">Which example.</param>
    /// <param name="column">Receives its inputs.</param>
    public abstract void CopyTo(int example, Span<float> column);

    /// <summary>Copies an example, and asks meanwhile for the memory of one whose turn comes soon.</summary>
    /// <inheritdoc cref="CopyTo(int, Span{float})"/>
    /// <param name="soon">Which is asked for. Changes the speed, nothing else.</param>
    public virtual void CopyTo(int example, Span<float> column, int soon)
    {
        Prefetch(soon);
        CopyTo(example, column);
    }

    /// <summary>Asks for an example's memory ahead of its copy. Changes the speed, nothing else.</summary>
    public abstract void Prefetch(int example);
}
