using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Backprop.Core.Elements;

/// <summary>Four floats: SSE, Arm64.</summary>
internal readonly struct Elements4(Vector128<float> value) : IElements<Elements4>
{
    private readonly Vector128<float> value = value;

    public static int Count => Vector128<float>.Count;

    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 Broadcast(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 Load(ref readonly float first, nuint index) => new(Vector128.LoadUnsafe(in first, index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Elements4 value, ref float first, nuint index) =>
        value.value.StoreUnsafe(ref first, index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void StorePastCaches(Elements4 value, float* target) => value.value.StoreAlignedNonTemporal(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 operator +(Elements4 left, Elements4 right) => new(left.value + right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 operator -(Elements4 left, Elements4 right) => new(left.value - right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 operator *(Elements4 left, Elements4 right) => new(left.value * right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 operator /(Elements4 left, Elements4 right) => new(left.value / right.value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 FusedMultiplyAdd(Elements4 a, Elements4 b, Elements4 c) =>
        new(Vector128.FusedMultiplyAdd(a.value, b.value, c.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 Abs(Elements4 value) => new(Vector128.Abs(value.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 CopySign(Elements4 magnitude, Elements4 sign) =>
        new(Vector128.CopySign(magnitude.value, sign.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 LessThan(Elements4 left, Elements4 right) =>
        new(Vector128.LessThan(left.value, right.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 Select(Elements4 mask, Elements4 whenSet, Elements4 otherwise) =>
        new(Vector128.ConditionalSelect(mask.value, whenSet.value, otherwise.value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Elements4 ShiftBitsLeft(Elements4 value, int count) =>
        new(Vector128.ShiftLeft(value.value.AsInt32(), count).AsSingle());
}
