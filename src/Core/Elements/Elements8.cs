using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Backprop.Core.Elements;

/// <summary>Eight floats: AVX2.</summary>
internal readonly struct Elements8(Vector256<float> value) : IElements<Elements8>
{
    private readonly Vector256<float> value = value;

    public static int Count => Vector256<float>.Count;

    public static bool IsSupported => Vector256.IsHardwareAccelerated;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 Load(ref readonly float first, nuint index) => new(Vector256.LoadUnsafe(in first, index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Elements8 value, ref float first, nuint index) =>
        value.value.StoreUnsafe(ref first, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StorePastCaches(Elements8 value, float* target) => value.value.StoreAlignedNonTemporal(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 operator +(Elements8 left, Elements8 right) => new(left.value + right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 operator -(Elements8 left, Elements8 right) => new(left.value - right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 operator *(Elements8 left, Elements8 right) => new(left.value * right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 operator /(Elements8 left, Elements8 right) => new(left.value / right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 FusedMultiplyAdd(Elements8 a, Elements8 b, Elements8 c) =>
        new(Vector256.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 Abs(Elements8 value) => new(Vector256.Abs(value.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 CopySign(Elements8 magnitude, Elements8 sign) =>
        new(Vector256.CopySign(magnitude.value, sign.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 LessThan(Elements8 left, Elements8 right) =>
        new(Vector256.LessThan(left.value, right.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 Select(Elements8 mask, Elements8 whenSet, Elements8 otherwise) =>
        new(Vector256.ConditionalSelect(mask.value, whenSet.value, otherwise.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements8 ShiftBitsLeft(Elements8 value, int count) =>
        new(Vector256.ShiftLeft(value.value.AsInt32(), count).AsSingle());
}
