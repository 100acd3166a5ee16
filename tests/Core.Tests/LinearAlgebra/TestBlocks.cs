using System.Runtime.InteropServices;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Tests.LinearAlgebra;

/// <summary>Blocks of reproducible numbers, set into storage with other numbers around them.</summary>
internal static class TestBlocks
{
    /// <summary>Elements around a block that a product must neither use nor change.</summary>
    public const int Margin = 3;

    private const float Marker = 12345.678f;

    /// <summary>Numbers in [−1, 1) with both zeros among them.</summary>
    public static ColumnBlock Random(int rows, int columns, int seed)
    {
        ColumnBlock block = Empty(rows, columns);
        ulong state = (ulong)(seed * 2) + 1;
        foreach (ref float value in block.Values)
        {
            // Knuth's linear congruential generator (MMIX); the high bits are good enough here.
            state = (state * 6364136223846793005UL) + 1442695040888963407UL;
            int number = (int)(state >> 40) - (1 << 23);
            value = (number & 15) switch { 0 => 0f, 1 => -0f, _ => number / (float)(1 << 23) };
        }

        return block;
    }

    public static ColumnBlock Empty(int rows, int columns)
    {
        var storage = new float[(rows * columns) + (2 * Margin)];
        Array.Fill(storage, Marker);
        return new ColumnBlock(storage, Margin, rows, columns);
    }

    /// <summary>Bit for bit, −0 apart from +0, and nothing written around the block.</summary>
    public static bool Equal(float[] expected, ColumnBlock actual)
    {
        Assert.True(MemoryMarshal.TryGetArray(actual.Memory, out ArraySegment<float> block));
        ReadOnlySpan<float> storage = block.Array;
        for (int i = 0; i < storage.Length; i++)
        {
            int inside = i - block.Offset;
            float wanted = inside >= 0 && inside < expected.Length ? expected[inside] : Marker;
            if (BitConverter.SingleToInt32Bits(wanted) != BitConverter.SingleToInt32Bits(storage[i]))
                return false;
        }

        return true;
    }
}
