using System.Runtime.CompilerServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Tiles of two vectors by two columns, for the last columns of C: 4 sums that stay in registers, each one chain of fused
/// multiply-adds in ascending order of the inner index. One leaf only.
/// </summary>
internal static unsafe class MicroKernel2<TVector, TLanes, TColumns>
    where TVector : struct
    where TLanes : ILanes<TVector>
    where TColumns : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(Tile* tile)
    {
        float* a = tile->A;
        float* b = tile->B;
        nint aStep = tile->AStep;
        nint second = tile->SecondRow;
        nint bStep = typeof(TColumns) == typeof(PackedColumns) ? 2 : tile->BStep;
        nint column1 = typeof(TColumns) == typeof(PackedColumns) ? 1 : tile->BColumn;
        float* stored0 = tile->C;
        float* stored1 = tile->C + ((tile->Columns - 1) * tile->CColumn);
        TVector c00 = TLanes.Zero, c10 = TLanes.Zero, c01 = TLanes.Zero, c11 = TLanes.Zero;
        if (tile->Continues)
        {
            c00 = TLanes.Load(stored0);
            c10 = TLanes.Load(stored0 + second);
            c01 = TLanes.Load(stored1);
            c11 = TLanes.Load(stored1 + second);
        }

        for (int left = tile->Leaves->Columns; left > 0; left--)
        {
            TVector a0 = TLanes.Load(a);
            TVector a1 = TLanes.Load(a + second);
            TVector x = TLanes.Broadcast(b);
            c00 = TLanes.MultiplyAdd(a0, x, c00);
            c10 = TLanes.MultiplyAdd(a1, x, c10);
            x = TLanes.Broadcast(b + column1);
            c01 = TLanes.MultiplyAdd(a0, x, c01);
            c11 = TLanes.MultiplyAdd(a1, x, c11);
            a += aStep;
            b += bStep;
        }

        TLanes.Store(stored0, c00);
        TLanes.Store(stored0 + second, c10);
        TLanes.Store(stored1, c01);
        TLanes.Store(stored1 + second, c11);
    }
}
