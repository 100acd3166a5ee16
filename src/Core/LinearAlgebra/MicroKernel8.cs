using System.Runtime.CompilerServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Tiles of two vectors by eight columns: 16 sums that stay in registers, of which there are 32. Each element is one chain
/// of fused multiply-adds in ascending order of the inner index, so that no bit depends on the tile it lies in.
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
        float* stack = tile->Stack;
        Leaf* leaf = tile->Leaves;
        Leaf* last = leaf + tile->LeafCount - 1;
        for (; ; leaf++)
        {
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

            for (int left = leaf->Columns; left > 0; left--)
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

            for (int merges = leaf->Merges; merges > 0; merges--)
            {
                stack -= 16 * TLanes.Count;
                c00 = TLanes.Add(TLanes.Load(stack + (0 * TLanes.Count)), c00);
                c10 = TLanes.Add(TLanes.Load(stack + (1 * TLanes.Count)), c10);
                c01 = TLanes.Add(TLanes.Load(stack + (2 * TLanes.Count)), c01);
                c11 = TLanes.Add(TLanes.Load(stack + (3 * TLanes.Count)), c11);
                c02 = TLanes.Add(TLanes.Load(stack + (4 * TLanes.Count)), c02);
                c12 = TLanes.Add(TLanes.Load(stack + (5 * TLanes.Count)), c12);
                c03 = TLanes.Add(TLanes.Load(stack + (6 * TLanes.Count)), c03);
                c13 = TLanes.Add(TLanes.Load(stack + (7 * TLanes.Count)), c13);
                c04 = TLanes.Add(TLanes.Load(stack + (8 * TLanes.Count)), c04);
                c14 = TLanes.Add(TLanes.Load(stack + (9 * TLanes.Count)), c14);
                c05 = TLanes.Add(TLanes.Load(stack + (10 * TLanes.Count)), c05);
                c15 = TLanes.Add(TLanes.Load(stack + (11 * TLanes.Count)), c15);
                c06 = TLanes.Add(TLanes.Load(stack + (12 * TLanes.Count)), c06);
                c16 = TLanes.Add(TLanes.Load(stack + (13 * TLanes.Count)), c16);
                c07 = TLanes.Add(TLanes.Load(stack + (14 * TLanes.Count)), c07);
                c17 = TLanes.Add(TLanes.Load(stack + (15 * TLanes.Count)), c17);
            }

            if (leaf == last)
            {
                nint below = tile->CSecond;
                float* column = tile->C + (Math.Min(0, tile->Columns - 1) * tile->CColumn);
                TLanes.Store(column, c00);
                TLanes.Store(column + below, c10);
                column = tile->C + (Math.Min(1, tile->Columns - 1) * tile->CColumn);
                TLanes.Store(column, c01);
                TLanes.Store(column + below, c11);
                column = tile->C + (Math.Min(2, tile->Columns - 1) * tile->CColumn);
                TLanes.Store(column, c02);
                TLanes.Store(column + below, c12);
                column = tile->C + (Math.Min(3, tile->Columns - 1) * tile->CColumn);
                TLanes.Store(column, c03);
                TLanes.Store(column + below, c13);
                column = tile->C + (Math.Min(4, tile->Columns - 1) * tile->CColumn);
                TLanes.Store(column, c04);
                TLanes.Store(column + below, c14);
                column = tile->C + (Math.Min(5, tile->Columns - 1) * tile->CColumn);
                TLanes.Store(column, c05);
                TLanes.Store(column + below, c15);
                column = tile->C + (Math.Min(6, tile->Columns - 1) * tile->CColumn);
                TLanes.Store(column, c06);
                TLanes.Store(column + below, c16);
                column = tile->C + (Math.Min(7, tile->Columns - 1) * tile->CColumn);
                TLanes.Store(column, c07);
                TLanes.Store(column + below, c17);
                return;
            }

            TLanes.Store(stack + (0 * TLanes.Count), c00);
            TLanes.Store(stack + (1 * TLanes.Count), c10);
            TLanes.Store(stack + (2 * TLanes.Count), c01);
            TLanes.Store(stack + (3 * TLanes.Count), c11);
            TLanes.Store(stack + (4 * TLanes.Count), c02);
            TLanes.Store(stack + (5 * TLanes.Count), c12);
            TLanes.Store(stack + (6 * TLanes.Count), c03);
            TLanes.Store(stack + (7 * TLanes.Count), c13);
            TLanes.Store(stack + (8 * TLanes.Count), c04);
            TLanes.Store(stack + (9 * TLanes.Count), c14);
            TLanes.Store(stack + (10 * TLanes.Count), c05);
            TLanes.Store(stack + (11 * TLanes.Count), c15);
            TLanes.Store(stack + (12 * TLanes.Count), c06);
            TLanes.Store(stack + (13 * TLanes.Count), c16);
            TLanes.Store(stack + (14 * TLanes.Count), c07);
            TLanes.Store(stack + (15 * TLanes.Count), c17);
            stack += 16 * TLanes.Count;
        }
    }
}
