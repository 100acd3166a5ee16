using System.Runtime.Intrinsics;

namespace Backprop.Core.LinearAlgebra;

/// <summary>Chooses the kernel for a width, a number of columns and the way B lies.</summary>
internal static unsafe class MicroKernels
{
    /// <summary>Columns of the narrow kernel, for the last columns of C.</summary>
    public const int NarrowColumns = 4;

    /// <summary>The most columns of any kernel.</summary>
    public const int MostColumns = 12;

    public static delegate*<Tile*, void> For(VectorWidth width, int columns, bool packed) =>
        packed ? ForColumns<PackedColumns>(width, columns) : ForColumns<StridedColumns>(width, columns);

    private static delegate*<Tile*, void> ForColumns<TColumns>(VectorWidth width, int columns)
        where TColumns : struct =>
        width switch
        {
            VectorWidth.Vector512 => ForLanes<Vector512<float>, Lanes512, TColumns>(columns),
            VectorWidth.Vector256 => ForLanes<Vector256<float>, Lanes256, TColumns>(columns),
            VectorWidth.Vector128 => ForLanes<Vector128<float>, Lanes128, TColumns>(columns),
            _ => ForLanes<float, LanesScalar, TColumns>(columns),
        };

    private static delegate*<Tile*, void> ForLanes<TVector, TLanes, TColumns>(int columns)
        where TVector : struct
        where TLanes : ILanes<TVector>
        where TColumns : struct =>
        columns switch
        {
            4 => &MicroKernel4<TVector, TLanes, TColumns>.Run,
            6 => &MicroKernel6<TVector, TLanes, TColumns>.Run,
            8 => &MicroKernel8<TVector, TLanes, TColumns>.Run,
            12 => &MicroKernel12<TVector, TLanes, TColumns>.Run,
            _ => throw new ArgumentOutOfRangeException(nameof(columns), columns, "There are kernels of 4, 6, 8 and 12."),
        };
}
