using System.Net;

namespace Backprop.Serving;

/// <summary>
/// Tells the operator who was not let in and why; of the same thing from the same address again and again less and less often, so
/// that nobody can fill a log from outside, nor hide others by it.
/// </summary>
/// <param name="warn">Takes a line.</param>
internal sealed class AccessLog(Action<string> warn)
{
    /// <summary>Addresses and reasons that are told apart; what comes from still more of them is counted together.</summary>
    private const int KindsAtMost = 1024;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Why, IPAddress? Address), int> refusals = [];

    /// <param name="why">One of few reasons; nothing that the caller chose.</param>
    /// <param name="peer">Where the call came from.</param>
    /// <param name="detail">More of it, for people.</param>
    public void Refused(string why, EndPoint? peer, string detail = "")
    {
        (string, IPAddress?) kind = (why, (peer as IPEndPoint)?.Address);
        lock (gate)
        {
            if (refusals.Count >= KindsAtMost && !refusals.ContainsKey(kind))
                kind = (why, null);
            int count = refusals[kind] = refusals.GetValueOrDefault(kind) + 1;
            if (int.IsPow2(count))
                warn($"WARNING: a call from {peer} was refused: {why}{detail}{(count == 1 ? "" : $" ({count} such calls)")}");
        }
    }
}
