using System.Runtime.Intrinsics;

namespace Backprop.Core.LinearAlgebra;

/// <summary>How many single-precision numbers one instruction works on. It changes the speed, never a bit.</summary>
internal enum VectorWidth
{
    Scalar = 1,
    Vector128 = 4,
    Vector256 = 8,
    Vector512 = 16,
}

internal static class VectorWidths
{
    /// <summary>The widest that this processor has registers for.</summary>
    public static VectorWidth Widest =>
        Vector512.IsHardwareAccelerated ? VectorWidth.Vector512
        : Vector256.IsHardwareAccelerated ? VectorWidth.Vector256
        : Vector128.IsHardwareAccelerated ? VectorWidth.Vector128
        : VectorWidth.Scalar;

    /// <summary>The next narrower one; a scalar stays a scalar.</summary>
    public static VectorWidth Narrower(this VectorWidth width) =>
        width switch
        {
            VectorWidth.Vector512 => VectorWidth.Vector256,
            VectorWidth.Vector256 => VectorWidth.Vector128,
            _ => VectorWidth.Scalar,
        };
}
