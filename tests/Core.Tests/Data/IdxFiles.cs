namespace Backprop.Core.Tests.Data;

/// <summary>IDX files byte by byte, as their specification has them: magic number, big-endian sizes, content.</summary>
internal static class IdxFiles
{
    /// <summary>0x00000803: unsigned bytes, three dimensions.</summary>
    public static byte[] Images(uint count, uint rows, uint columns, params byte[] pixels) =>
        [0, 0, 8, 3, .. BigEndian(count), .. BigEndian(rows), .. BigEndian(columns), .. pixels];

    /// <summary>0x00000801: unsigned bytes, one dimension.</summary>
    public static byte[] Labels(uint count, params byte[] labels) => [0, 0, 8, 1, .. BigEndian(count), .. labels];

    private static byte[] BigEndian(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}
