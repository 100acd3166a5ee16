using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Tiles of two vectors by four columns, summed over the leaves of a tree, for 32 registers: four leaves that make a node
/// are added in them, three sums of 8 at a time, so that of four short shards only one sum goes to the stack.
/// </summary>
internal static unsafe class TreeKernel4<TVector, TLanes, TColumns>
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
        nint bStep = typeof(TColumns) == typeof(PackedColumns) ? 4 : tile->BStep;
        nint column1 = typeof(TColumns) == typeof(PackedColumns) ? 1 : tile->BColumn;
        float* stack = tile->Stack;
        Leaf* leaf = tile->Leaves;
        Leaf* last = leaf + tile->LeafCount - 1;
        for (; ; leaf++)
        {
            TVector c00 = TLanes.Zero, c10 = TLanes.Zero, c01 = TLanes.Zero, c11 = TLanes.Zero;
            TVector c02 = TLanes.Zero, c12 = TLanes.Zero, c03 = TLanes.Zero, c13 = TLanes.Zero;
            Sum(
                leaf, ref a, ref b, aStep, second, bStep, column1,
                ref c00, ref c10, ref c01, ref c11, ref c02, ref c12, ref c03, ref c13);
            int merges = leaf->Merges;
            // In ascending order: a left pair, whose sum waits for the right pair.
            if (leaf + 3 <= last && merges == 0 && leaf[1].Merges == 1 && leaf[2].Merges == 0 && leaf[3].Merges >= 2)
            {
                TVector d00 = TLanes.Zero, d10 = TLanes.Zero, d01 = TLanes.Zero, d11 = TLanes.Zero;
                TVector d02 = TLanes.Zero, d12 = TLanes.Zero, d03 = TLanes.Zero, d13 = TLanes.Zero;
                Sum(
                    leaf + 1, ref a, ref b, aStep, second, bStep, column1,
                    ref d00, ref d10, ref d01, ref d11, ref d02, ref d12, ref d03, ref d13);
                c00 = TLanes.Add(c00, d00);
                c10 = TLanes.Add(c10, d10);
                c01 = TLanes.Add(c01, d01);
                c11 = TLanes.Add(c11, d11);
                c02 = TLanes.Add(c02, d02);
                c12 = TLanes.Add(c12, d12);
                c03 = TLanes.Add(c03, d03);
                c13 = TLanes.Add(c13, d13);
                d00 = d10 = d01 = d11 = d02 = d12 = d03 = d13 = TLanes.Zero;
                Sum(
                    leaf + 2, ref a, ref b, aStep, second, bStep, column1,
                    ref d00, ref d10, ref d01, ref d11, ref d02, ref d12, ref d03, ref d13);
                TVector e00 = TLanes.Zero, e10 = TLanes.Zero, e01 = TLanes.Zero, e11 = TLanes.Zero;
                TVector e02 = TLanes.Zero, e12 = TLanes.Zero, e03 = TLanes.Zero, e13 = TLanes.Zero;
                Sum(
                    leaf + 3, ref a, ref b, aStep, second, bStep, column1,
                    ref e00, ref e10, ref e01, ref e11, ref e02, ref e12, ref e03, ref e13);
                c00 = TLanes.Add(c00, TLanes.Add(d00, e00));
                c10 = TLanes.Add(c10, TLanes.Add(d10, e10));
                c01 = TLanes.Add(c01, TLanes.Add(d01, e01));
                c11 = TLanes.Add(c11, TLanes.Add(d11, e11));
                c02 = TLanes.Add(c02, TLanes.Add(d02, e02));
                c12 = TLanes.Add(c12, TLanes.Add(d12, e12));
                c03 = TLanes.Add(c03, TLanes.Add(d03, e03));
                c13 = TLanes.Add(c13, TLanes.Add(d13, e13));
                leaf += 3;
                merges = leaf->Merges - 2;
            }

            for (; merges > 0; merges--)
            {
                stack -= 8 * TLanes.Count;
                c00 = TLanes.Add(TLanes.Load(stack + (0 * TLanes.Count)), c00);
                c10 = TLanes.Add(TLanes.Load(stack + (1 * TLanes.Count)), c10);
                c01 = TLanes.Add(TLanes.Load(stack + (2 * TLanes.Count)), c01);
                c11 = TLanes.Add(TLanes.Load(stack + (3 * TLanes.Count)), c11);
                c02 = TLanes.Add(TLanes.Load(stack + (4 * TLanes.Count)), c02);
                c12 = TLanes.Add(TLanes.Load(stack + (5 * TLanes.Count)), c12);
                c03 = TLanes.Add(TLanes.Load(stack + (6 * TLanes.Count)), c03);
                c13 = TLanes.Add(TLanes.Load(stack + (7 * TLanes.Count)), c13);
            }

            if (leaf == last)
            {
                nint below = tile->CSecond;
                float* column = tile->C;
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
            stack += 8 * TLanes.Count;
        }
    }

    /// <summary>One leaf's columns added to sums that begin at +0, in ascending order; A and B move on behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum(
        Leaf* leaf, ref float* aNext, ref float* bNext, nint aStep, nint second, nint bStep, nint column1,
        ref TVector c00, ref TVector c10, ref TVector c01, ref TVector c11,
        ref TVector c02, ref TVector c12, ref TVector c03, ref TVector c13)
    {
        float* a = aNext;
        float* b = bNext;
        for (int left = leaf->Columns; left > 0; left--)
        {
            TVector a0 = TLanes.Load(a);
            TVector a1 = TLanes.Load(a + second);
            // B's next cache line at this inner index is a few tiles away; with few rows nothing else hides its way from the second level.
            if (typeof(TColumns) == typeof(StridedColumns) && Sse.IsSupported)
                Sse.Prefetch0(b + BlockSizes.CacheLine);
            TVector x = TLanes.Broadcast(b);
            c00 = TLanes.MultiplyAdd(a0, x, c00);
            c10 = TLanes.MultiplyAdd(a1, x, c10);
            x = TLanes.Broadcast(b + column1);
            c01 = TLanes.MultiplyAdd(a0, x, c01);
            c11 = TLanes.MultiplyAdd(a1, x, c11);
            x = TLanes.Broadcast(b + (2 * column1));
            c02 = TLanes.MultiplyAdd(a0, x, c02);
            c12 = TLanes.MultiplyAdd(a1, x, c12);
            x = TLanes.Broadcast(b + (3 * column1));
            c03 = TLanes.MultiplyAdd(a0, x, c03);
            c13 = TLanes.MultiplyAdd(a1, x, c13);
            a += aStep;
            b += bStep;
        }

        aNext = a;
        bNext = b;
    }
}
