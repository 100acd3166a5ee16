using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// Copies a panel of an operand into the order in which a kernel reads it: at each inner index its lanes side by
/// side. Lanes beyond those that exist repeat the last one.
/// </summary>
internal static unsafe class Packing
{
    /// <param name="source">First lane at the first inner index.</param>
    /// <param name="laneStride">From lane to lane; this or <paramref name="depthStride"/> is 1.</param>
    /// <param name="depthStride">From inner index to inner index.</param>
    /// <param name="lanes">Lanes that exist, at least 1.</param>
    /// <param name="depth">Inner indices.</param>
    /// <param name="destination">Receives <paramref name="step"/>·depth elements.</param>
    /// <param name="step">Lanes of the panel, at least <paramref name="lanes"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(
        float* source, nint laneStride, nint depthStride, int lanes, int depth, float* destination, int step)
    {
        if (laneStride == 1)
            Copy(source, depthStride, lanes, depth, destination, step);
        else
            Transpose(source, laneStride, lanes, depth, destination, step);

        for (int lane = lanes; lane < step; lane++)
        {
            for (nint p = 0; p < depth; p++)
                destination[(p * step) + lane] = destination[(p * step) + lanes - 1];
        }
    }

    /// <summary>
    /// Neighbouring panels whose lanes fill a cache line of the source: each line is fetched once for all of them. Panel after panel would
    /// fetch it for each, since the lines of all inner indices are more than a near cache keeps.
    /// </summary>
    /// <param name="source">First lane of the first panel at the first inner index; lanes lie side by side.</param>
    /// <param name="depthStride">From inner index to inner index.</param>
    /// <param name="depth">Inner indices.</param>
    /// <param name="destination">Receives the panels one behind the other, <see cref="BlockSizes.CacheLine"/>·depth elements.</param>
    /// <param name="step">Lanes of each panel, 4 or 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackLine(float* source, nint depthStride, int depth, float* destination, int step)
    {
        nint panel = (nint)step * depth;
        for (int p = 0; p < depth; p++)
        {
            float* to = destination;
            for (int lane = 0; lane < BlockSizes.CacheLine; lane += step)
            {
                for (int four = 0; four < step; four += 4)
                    Vector128.Load(source + lane + four).Store(to + four);
                to += panel;
            }

            source += depthStride;
            destination += step;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy(float* source, nint stride, int lanes, int depth, float* destination, int step)
    {
        if (lanes == 32)
        {
            CopyWhole<Vector256<float>, Lanes256>(source, stride, 4, depth, destination, step);
        }
        else if (lanes % 8 == 0)
        {
            CopyWhole<Vector256<float>, Lanes256>(source, stride, lanes / 8, depth, destination, step);
        }
        else if (lanes % 4 == 0)
        {
            CopyWhole<Vector128<float>, Lanes128>(source, stride, lanes / 4, depth, destination, step);
        }
        else if (lanes > 4)
        {
            // The last vector overlaps the one before it.
            for (int p = 0; p < depth; p++)
            {
                for (int lane = 0; lane < lanes - 4; lane += 4)
                    Vector128.Load(source + lane).Store(destination + lane);
                Vector128.Load(source + lanes - 4).Store(destination + lanes - 4);
                source += stride;
                destination += step;
            }
        }
        else
        {
            for (int p = 0; p < depth; p++)
            {
                for (int lane = 0; lane < lanes; lane++)
                    destination[lane] = source[lane];
                source += stride;
                destination += step;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyWhole<TVector, TLanes>(
        float* source, nint stride, int vectors, int depth, float* destination, int step)
        where TVector : struct
        where TLanes : ILanes<TVector>
    {
        for (int p = 0; p < depth; p++)
        {
            for (int v = 0; v < vectors; v++)
                TLanes.Store(destination + (v * TLanes.Count), TLanes.Load(source + (v * TLanes.Count)));
            source += stride;
            destination += step;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* source, nint laneStride, int lanes, int depth, float* destination, int step)
    {
        int lane = 0;
        if (Sse.IsSupported)
        {
            for (; lane + 4 <= lanes; lane += 4)
                TransposeFour(source + (lane * laneStride), laneStride, depth, destination + lane, step);
        }

        for (; lane < lanes; lane++)
        {
            float* from = source + (lane * laneStride);
            float* to = destination + lane;
            for (int p = 0; p < depth; p++)
            {
                *to = from[p];
                to += step;
            }
        }
    }

    /// <summary>Four lanes: blocks of 4 × 4 are turned in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransposeFour(float* source, nint laneStride, int depth, float* destination, int step)
    {
        float* s0 = source;
        float* s1 = source + laneStride;
        float* s2 = s1 + laneStride;
        float* s3 = s2 + laneStride;
        int p = 0;
        for (; p + 4 <= depth; p += 4)
        {
            Vector128<float> r0 = Vector128.Load(s0 + p);
            Vector128<float> r1 = Vector128.Load(s1 + p);
            Vector128<float> r2 = Vector128.Load(s2 + p);
            Vector128<float> r3 = Vector128.Load(s3 + p);
            Vector128<float> low01 = Sse.UnpackLow(r0, r1);
            Vector128<float> low23 = Sse.UnpackLow(r2, r3);
            Vector128<float> high01 = Sse.UnpackHigh(r0, r1);
            Vector128<float> high23 = Sse.UnpackHigh(r2, r3);
            Sse.MoveLowToHigh(low01, low23).Store(destination);
            Sse.MoveHighToLow(low23, low01).Store(destination + step);
            Sse.MoveLowToHigh(high01, high23).Store(destination + (2 * step));
            Sse.MoveHighToLow(high23, high01).Store(destination + (3 * step));
            destination += 4 * step;
        }

        for (; p < depth; p++)
        {
            destination[0] = s0[p];
            destination[1] = s1[p];
            destination[2] = s2[p];
            destination[3] = s3[p];
            destination += step;
        }
    }
}
