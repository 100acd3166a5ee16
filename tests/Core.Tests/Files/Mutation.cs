using Backprop.Core.Data;

namespace Backprop.Core.Tests.Files;

/// <summary>Small damage to the bytes of a file, as disks, networks and editors do it; a seed gives the same damage.</summary>
internal static class Mutation
{
    /// <summary>Flips a bit, sets a byte, cuts the end off, puts in, takes out, doubles or zeroes a stretch; once or some times.</summary>
    public static byte[] Of(byte[] whole, RandomSource random)
    {
        List<byte> bytes = [.. whole];
        for (int change = random.NextInt(3); change >= 0; change--)
        {
            int at = random.NextInt(bytes.Count + 1);
            int length = Math.Min(1 + random.NextInt(8), bytes.Count - at);
            switch (random.NextInt(7))
            {
                case 0 when length > 0:
                    bytes[at] ^= (byte)(1 << random.NextInt(8));
                    break;
                case 1 when length > 0:
                    bytes[at] = (byte)random.NextInt(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.Insert(at, (byte)random.NextInt(256));
                    break;
                case 4:
                    bytes.RemoveRange(at, length);
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                default:
                    for (int i = at; i < at + length; i++)
                        bytes[i] = (byte)(random.NextInt(2) * 255);
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>
    /// Gives a reader thousands of damaged files: each is read as something valid or refused in one line that names it,
    /// and none takes more memory than <paramref name="allocatedAtMost"/>.
    /// </summary>
    /// <param name="read">Reads bytes under a name.</param>
    /// <returns>How many were refused.</returns>
    public static int Check(byte[] whole, int count, long allocatedAtMost, Action<string, byte[]> read)
    {
        const string name = "damaged-file";
        int refused = 0;
        var random = new RandomSource(2026, 0);
        for (int i = 0; i < count; i++)
        {
            byte[] damaged = Of(whole, random);
            long allocated = Refused.Allocated(() =>
            {
                try
                {
                    read(name, damaged);
                }
                catch (UserErrorException error)
                {
                    refused++;
                    Assert.Contains(name, error.Message, StringComparison.Ordinal);
                    Assert.DoesNotContain(error.Message, char.IsControl);
                    Assert.InRange(error.Message.Length, 1, 1000);
                }
                catch (Exception error) when (error is not Xunit.Sdk.XunitException)
                {
                    Assert.Fail($"mutation {i}, {Convert.ToHexString(damaged)}: {error}");
                }
            });
            Assert.InRange(allocated, 0, allocatedAtMost);
        }

        return refused;
    }
}
