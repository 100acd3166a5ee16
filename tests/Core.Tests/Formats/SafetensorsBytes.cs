using System.Buffers.Binary;
using System.Text;

namespace Backprop.Core.Tests.Formats;

/// <summary>
/// A safetensors file put together by hand, as its specification has it: the header's length in 8 bytes, little-endian,
/// the header, and the numbers, little-endian.
/// </summary>
internal static class SafetensorsBytes
{
    public static byte[] Of(string header, params float[] values)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        return [.. Length((ulong)text.Length), .. text, .. Floats(values)];
    }

    public static byte[] Length(ulong length)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        return bytes;
    }

    public static byte[] Floats(params float[] values)
    {
        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        return bytes;
    }
}
