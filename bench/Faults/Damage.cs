using Backprop.Core.Data;

namespace Backprop.Faults;

/// <summary>Bytes from outside that nobody meant: random ones, and whole inputs with something wrong in them.</summary>
internal static class Damage
{
    private const int RandomLengthAtMost = 300;

    /// <summary>The same for the same source's state.</summary>
    /// <param name="whole">Inputs that a reader takes.</param>
    public static byte[] Next(RandomSource random, IReadOnlyList<byte[]> whole)
    {
        if (random.NextInt(8) == 0)
            return RandomBytes(random, random.NextInt(RandomLengthAtMost));
        byte[] bytes = (byte[])whole[random.NextInt(whole.Count)].Clone();
        for (int times = 1 + random.NextInt(3); times > 0 && bytes.Length > 0; times--)
            bytes = Once(random, bytes, whole);
        return bytes;
    }

    private static byte[] Once(RandomSource random, byte[] bytes, IReadOnlyList<byte[]> whole)
    {
        // What a reader goes by stands at the beginning more often than elsewhere.
        int place = random.NextInt(random.NextInt(2) == 0 ? bytes.Length : Math.Min(bytes.Length, 64));
        switch (random.NextInt(7))
        {
            case 0:
                bytes[place] ^= (byte)(1 << random.NextInt(8));
                return bytes;
            case 1:
                bytes[place] = (byte)random.NextUInt64();
                return bytes;
            case 2:
                return bytes[..place];
            case 3:
                return [.. bytes[..place], .. RandomBytes(random, 1 + random.NextInt(9)), .. bytes[place..]];
            case 4:
                return [.. bytes[..place], .. bytes[Math.Min(bytes.Length, place + 1 + random.NextInt(16))..]];
            case 5:
                byte extreme = random.NextInt(3) switch { 0 => 0, 1 => 0x7F, _ => 0xFF };
                bytes.AsSpan(place, Math.Min(1 << random.NextInt(4), bytes.Length - place)).Fill(extreme);
                return bytes;
            default:
                byte[] other = whole[random.NextInt(whole.Count)];
                return [.. bytes[..place], .. other[random.NextInt(other.Length)..]];
        }
    }

    private static byte[] RandomBytes(RandomSource random, int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = (byte)random.NextUInt64();
        return bytes;
    }
}
