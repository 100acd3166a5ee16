using System.Runtime.Intrinsics.Arm;

namespace Backprop.Core.LinearAlgebra;

/// <summary>How a product is cut so that what is used again stays in the caches. Measured; no bit depends on it.</summary>
internal static class BlockSizes
{
    /// <summary>Of a usual processor, in numbers.</summary>
    public const int CacheLine = 16;

    /// <summary>Numbers so far apart, or a multiple of it, share one set of a usual first-level cache.</summary>
    private const int SetStride = 64 * CacheLine;

    /// <summary>
    /// Inner indices of a tree's leaves on average from which on their sums pay a way to memory and back: of shorter ones several sums are kept in
    /// registers, where there are 32, for which a tile is half as wide.
    /// </summary>
    public const int LongLeaf = 8;

    /// <summary>Inner indices of a block: a panel of B stays in the first-level cache.</summary>
    public const int Depth = 384;

    /// <summary>
    /// Inner indices of a group of a tree's leaves, or somewhat more: a panel of A, of 16 or 32 kB, stays in the first-level cache while tiles side by
    /// side take them. Where B is not packed each of its rows has cache lines of its own there.
    /// </summary>
    public static int TreeDepth(VectorWidth width, bool packedB) => (packedB ? 4096 : 2048) / (int)width;

    /// <summary>Tiles side by side that take a group of a tree's leaves before the next group.</summary>
    public const int TreeTiles = 16;

    /// <summary>Elements of a packed block of A: half of a usual second-level cache.</summary>
    public const int AElements = 96 * 1024;

    /// <summary>Elements of a packed block of B, for the third level.</summary>
    public const int BElements = 512 * 1024;

    /// <summary>Rows of C up to which B is read where it lies: packing it would not be paid back.</summary>
    public const int UnpackedBRows = 512;

    /// <summary>Columns of C up to which A, if its rows lie side by side, is read where it lies.</summary>
    public const int UnpackedAColumns = 16;

    /// <summary>Columns of the wide kernel: with 32 registers there is room for more sums than with 16.</summary>
    public static int Columns(VectorWidth width) => HasManyRegisters(width) ? 8 : 6;

    /// <summary>Columns of the wide kernel for sums over the leaves of a tree.</summary>
    public static int TreeColumns(VectorWidth width, bool longLeaves) =>
        HasManyRegisters(width) && !longLeaves ? 4 : Columns(width);

    /// <summary>Whether B is packed for sums over the leaves of a tree. Its lanes lie side by side.</summary>
    /// <param name="rows">Of C.</param>
    /// <param name="stride">From one inner index of B to the next.</param>
    public static bool PacksTreeB(VectorWidth width, bool longLeaves, int rows, nint stride)
    {
        if (!HasManyRegisters(width))
            return rows > 32;
        return rows > 128 && (rows > 256 || !longLeaves || stride % SetStride == 0);
    }

    /// <summary>32 vector registers instead of 16.</summary>
    public static bool HasManyRegisters(VectorWidth width) => width == VectorWidth.Vector512 || AdvSimd.Arm64.IsSupported;
}
