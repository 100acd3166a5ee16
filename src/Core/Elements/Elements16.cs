using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Backprop.Core.Elements;

/// <summary>Sixteen floats: AVX-512.</summary>
internal readonly struct Elements16(Vector512<float> value) : IElements<Elements16>
{
    private readonly Vector512<float> value = value;

    public static int Count => Vector512<float>.Count;

    public static bool IsSupported => Vector512.IsHardwareAccelerated;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 Load(ref readonly float first, nuint index) => new(Vector512.LoadUnsafe(in first, index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Elements16 value, ref float first, nuint index) =>
        value.value.StoreUnsafe(ref first, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StorePastCaches(Elements16 value, float* target) => value.value.StoreAlignedNonTemporal(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 operator +(Elements16 left, Elements16 right) => new(left.value + right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 operator -(Elements16 left, Elements16 right) => new(left.value - right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 operator *(Elements16 left, Elements16 right) => new(left.value * right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 operator /(Elements16 left, Elements16 right) => new(left.value / right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 FusedMultiplyAdd(Elements16 a, Elements16 b, Elements16 c) =>
        new(Vector512.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 Abs(Elements16 value) => new(Vector512.Abs(value.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 CopySign(Elements16 magnitude, Elements16 sign) =>
        new(Vector512.CopySign(magnitude.value, sign.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 LessThan(Elements16 left, Elements16 right) =>
        new(Vector512.LessThan(left.value, right.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 Select(Elements16 mask, Elements16 whenSet, Elements16 otherwise) =>
        new(Vector512.ConditionalSelect(mask.value, whenSet.value, otherwise.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements16 ShiftBitsLeft(Elements16 value, int count) =>
        new(Vector512.ShiftLeft(value.value.AsInt32(), count).AsSingle());
}
