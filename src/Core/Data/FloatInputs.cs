using System.Runtime.InteropServices;

namespace Backprop.Core.Data;

/// <summary>Inputs as single-precision numbers, taken as they are.</summary>
internal sealed class FloatInputs : ExampleInputs
{
    private readonly float[] values;

    public FloatInputs(float[] values, int inputCount)
        : base(inputCount, values.Length, "numbers")
    {
        this.values = values;
    }

    public override int Divisor => 0;

    public ReadOnlyMemory<float> Values => values;

    public override void CopyTo(int example, Span<float> column) =>
        values.AsSpan(checked(example * InputCount), InputCount).CopyTo(column);

    public override void Prefetch(int example) =>
        MemoryPrefetch.Read(MemoryMarshal.AsBytes(values.AsSpan(example * InputCount, InputCount)));
}
