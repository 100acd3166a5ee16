using System.Runtime.Intrinsics;

namespace Backprop.Core.LinearAlgebra;

/// <summary>Chooses the kernel for a width, a number of columns, the way B lies, and plain products or sums over trees.</summary>
internal static unsafe class MicroKernels
{
    /// <summary>Columns of the narrow kernel, for the last columns of C.</summary>
    public const int NarrowColumns = 4;

    /// <summary>Columns of the narrowest one.</summary>
    public const int PairColumns = 2;

    public static delegate*<Tile*, void> For(VectorWidth width, int columns, bool packed, bool tree) =>
        packed ? ForColumns<PackedColumns>(width, columns, tree) : ForColumns<StridedColumns>(width, columns, tree);

    private static delegate*<Tile*, void> ForColumns<TColumns>(VectorWidth width, int columns, bool tree)
        where TColumns : struct =>
        width switch
        {
            VectorWidth.Vector512 => ForLanes<Vector512<float>, Lanes512, TColumns>(columns, tree),
            VectorWidth.Vector256 => ForLanes<Vector256<float>, Lanes256, TColumns>(columns, tree),
            VectorWidth.Vector128 => ForLanes<Vector128<float>, Lanes128, TColumns>(columns, tree),
            _ => ForLanes<float, LanesScalar, TColumns>(columns, tree),
        };

    private static delegate*<Tile*, void> ForLanes<TVector, TLanes, TColumns>(int columns, bool tree)
        where TVector : struct
        where TLanes : ILanes<TVector>
        where TColumns : struct =>
        columns switch
        {
            2 => &MicroKernel2<TVector, TLanes, TColumns>.Run,
            4 when tree => &TreeKernel4<TVector, TLanes, TColumns>.Run,
            4 => &MicroKernel4<TVector, TLanes, TColumns>.Run,
            6 => &MicroKernel6<TVector, TLanes, TColumns>.Run,
            8 => &MicroKernel8<TVector, TLanes, TColumns>.Run,
            _ => throw new ArgumentOutOfRangeException(nameof(columns), columns, "There are kernels of 2, 4, 6 and 8."),
        };
}
