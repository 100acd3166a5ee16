using System.Runtime.CompilerServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Tiles of two vectors by eight columns: 16 sums that stay in registers, of which there are 32. Each element is one chain
/// of fused multiply-adds in ascending order of the inner index, so that no bit depends on the tile it lies in. One leaf
/// only: sums over trees take <see cref="TreeKernel4{TVector, TLanes, TColumns}"/> there.
/// </summary>
internal static unsafe class MicroKernel8<TVector, TLanes, TColumns>
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
        nint bStep = typeof(TColumns) == typeof(PackedColumns) ? 8 : tile->BStep;
        nint column1 = typeof(TColumns) == typeof(PackedColumns) ? 1 : tile->BColumn;
        nint column2 = 2 * column1;
        nint column3 = 3 * column1;
        float* b4 = b + (4 * column1);
        TVector c00 = TLanes.Zero, c10 = TLanes.Zero;
        TVector c01 = TLanes.Zero, c11 = TLanes.Zero;
        TVector c02 = TLanes.Zero, c12 = TLanes.Zero;
        TVector c03 = TLanes.Zero, c13 = TLanes.Zero;
        TVector c04 = TLanes.Zero, c14 = TLanes.Zero;
        TVector c05 = TLanes.Zero, c15 = TLanes.Zero;
        TVector c06 = TLanes.Zero, c16 = TLanes.Zero;
        TVector c07 = TLanes.Zero, c17 = TLanes.Zero;
        if (tile->Continues)
        {
            float* stored0 = tile->C + (Math.Min(0, tile->Columns - 1) * tile->CColumn);
            c00 = TLanes.Load(stored0);
            c10 = TLanes.Load(stored0 + second);
            float* stored1 = tile->C + (Math.Min(1, tile->Columns - 1) * tile->CColumn);
            c01 = TLanes.Load(stored1);
            c11 = TLanes.Load(stored1 + second);
            float* stored2 = tile->C + (Math.Min(2, tile->Columns - 1) * tile->CColumn);
            c02 = TLanes.Load(stored2);
            c12 = TLanes.Load(stored2 + second);
            float* stored3 = tile->C + (Math.Min(3, tile->Columns - 1) * tile->CColumn);
            c03 = TLanes.Load(stored3);
            c13 = TLanes.Load(stored3 + second);
            float* stored4 = tile->C + (Math.Min(4, tile->Columns - 1) * tile->CColumn);
            c04 = TLanes.Load(stored4);
            c14 = TLanes.Load(stored4 + second);
            float* stored5 = tile->C + (Math.Min(5, tile->Columns - 1) * tile->CColumn);
            c05 = TLanes.Load(stored5);
            c15 = TLanes.Load(stored5 + second);
            float* stored6 = tile->C + (Math.Min(6, tile->Columns - 1) * tile->CColumn);
            c06 = TLanes.Load(stored6);
            c16 = TLanes.Load(stored6 + second);
            float* stored7 = tile->C + (Math.Min(7, tile->Columns - 1) * tile->CColumn);
            c07 = TLanes.Load(stored7);
            c17 = TLanes.Load(stored7 + second);
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
            x = TLanes.Broadcast(b + column2);
            c02 = TLanes.MultiplyAdd(a0, x, c02);
            c12 = TLanes.MultiplyAdd(a1, x, c12);
            x = TLanes.Broadcast(b + column3);
            c03 = TLanes.MultiplyAdd(a0, x, c03);
            c13 = TLanes.MultiplyAdd(a1, x, c13);
            x = TLanes.Broadcast(b4);
            c04 = TLanes.MultiplyAdd(a0, x, c04);
            c14 = TLanes.MultiplyAdd(a1, x, c14);
            x = TLanes.Broadcast(b4 + column1);
            c05 = TLanes.MultiplyAdd(a0, x, c05);
            c15 = TLanes.MultiplyAdd(a1, x, c15);
            x = TLanes.Broadcast(b4 + column2);
            c06 = TLanes.MultiplyAdd(a0, x, c06);
            c16 = TLanes.MultiplyAdd(a1, x, c16);
            x = TLanes.Broadcast(b4 + column3);
            c07 = TLanes.MultiplyAdd(a0, x, c07);
            c17 = TLanes.MultiplyAdd(a1, x, c17);
            a += aStep;
            b += bStep;
            b4 += bStep;
        }

        float* column = tile->C + (Math.Min(0, tile->Columns - 1) * tile->CColumn);
        TLanes.Store(column, c00);
        TLanes.Store(column + second, c10);
        column = tile->C + (Math.Min(1, tile->Columns - 1) * tile->CColumn);
        TLanes.Store(column, c01);
        TLanes.Store(column + second, c11);
        column = tile->C + (Math.Min(2, tile->Columns - 1) * tile->CColumn);
        TLanes.Store(column, c02);
        TLanes.Store(column + second, c12);
        column = tile->C + (Math.Min(3, tile->Columns - 1) * tile->CColumn);
        TLanes.Store(column, c03);
        TLanes.Store(column + second, c13);
        column = tile->C + (Math.Min(4, tile->Columns - 1) * tile->CColumn);
        TLanes.Store(column, c04);
        TLanes.Store(column + second, c14);
        column = tile->C + (Math.Min(5, tile->Columns - 1) * tile->CColumn);
        TLanes.Store(column, c05);
        TLanes.Store(column + second, c15);
        column = tile->C + (Math.Min(6, tile->Columns - 1) * tile->CColumn);
        TLanes.Store(column, c06);
        TLanes.Store(column + second, c16);
        column = tile->C + (Math.Min(7, tile->Columns - 1) * tile->CColumn);
        TLanes.Store(column, c07);
        TLanes.Store(column + second, c17);
    }
}
