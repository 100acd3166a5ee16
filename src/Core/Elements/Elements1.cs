using System.Runtime.CompilerServices;

namespace Backprop.Core.Elements;

/// <summary>One float: the tail of every span, and machines without SIMD.</summary>
internal readonly struct Elements1(float value) : IElements<Elements1>
{
    private readonly float value = value;

    public static int Count => 1;

    public static bool IsSupported => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 Broadcast(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 Load(ref readonly float first, nuint index) =>
        new(Unsafe.Add(ref Unsafe.AsRef(in first), index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Elements1 value, ref float first, nuint index) =>
        Unsafe.Add(ref first, index) = value.value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StorePastCaches(Elements1 value, float* target) => *target = value.value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 operator +(Elements1 left, Elements1 right) => new(left.value + right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 operator -(Elements1 left, Elements1 right) => new(left.value - right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 operator *(Elements1 left, Elements1 right) => new(left.value * right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 operator /(Elements1 left, Elements1 right) => new(left.value / right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 FusedMultiplyAdd(Elements1 a, Elements1 b, Elements1 c) =>
        new(MathF.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 Abs(Elements1 value) => new(MathF.Abs(value.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 CopySign(Elements1 magnitude, Elements1 sign) =>
        new(MathF.CopySign(magnitude.value, sign.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 LessThan(Elements1 left, Elements1 right) =>
        new(BitConverter.Int32BitsToSingle(left.value < right.value ? -1 : 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 Select(Elements1 mask, Elements1 whenSet, Elements1 otherwise) =>
        BitConverter.SingleToInt32Bits(mask.value) != 0 ? whenSet : otherwise;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements1 ShiftBitsLeft(Elements1 value, int count) =>
        new(BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value.value) << count));
}
