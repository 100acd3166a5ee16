using System.Security.Cryptography;

namespace Backprop.Worker.Transport;

/// <summary>
/// How long to wait before the next try: it doubles up to a limit, and a random part of it keeps many workers from
/// coming back at the same moment.
/// </summary>
internal sealed class ReconnectDelay
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    private TimeSpan next = First;

    /// <summary>Between half and all of the present delay.</summary>
    public TimeSpan Next()
    {
        TimeSpan delay = next;
        next = next * 2 < Longest ? next * 2 : Longest;
        return delay * (0.5 + (0.5 * RandomNumberGenerator.GetInt32(1000) / 1000.0));
    }

    public void Reset() => next = First;
}
