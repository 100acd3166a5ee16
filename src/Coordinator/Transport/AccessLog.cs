namespace Backprop.Coordinator.Transport;

/// <summary>
/// Tells the operator who was not let in and why; of the same thing again and again less and less often, so that nobody can fill
/// a log from outside.
/// </summary>
/// <param name="warn">Takes a line.</param>
internal sealed class AccessLog(Action<string> warn)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> refusals = [];

    /// <param name="why">One of few reasons; nothing that the caller chose.</param>
    /// <param name="peer">Where the call came from.</param>
    public void Refused(string why, string peer)
    {
        int count;
        lock (gate)
            count = refusals[why] = refusals.GetValueOrDefault(why) + 1;
        if (int.IsPow2(count))
            warn($"WARNING: a call from {peer} was refused: {why}{(count == 1 ? "" : $" ({count} such calls)")}");
    }
}
