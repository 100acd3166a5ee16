namespace Backprop.Core.Model;

/// <summary>One of several shares of an array's elements, for threads that work on one tensor side by side.</summary>
/// <param name="Index">From 0 to <paramref name="Count"/> − 1.</param>
/// <param name="Count">Into how many shares an array is cut.</param>
public readonly record struct Share(int Index, int Count)
{
    /// <summary>Shares begin at whole cache lines, wherever the array does: neighbours write to few of the same.</summary>
    private const int Alignment = 16;

    public static Share Whole => new(0, 1);

    /// <summary>Its elements of an array of this length; none, where the array is too short for so many shares.</summary>
    public Range Of(int length) => Begin(Index, length)..Begin(Index + 1, length);

    private int Begin(int index, int length) =>
        index == Count ? length : (int)((long)length * index / Count) / Alignment * Alignment;
}
