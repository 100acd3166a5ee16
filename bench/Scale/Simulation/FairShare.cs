namespace Backprop.Scale.Simulation;

/// <summary>
/// Something that everybody who uses it at one moment gets an equal share of: the bytes a second of a link's direction, as TCP
/// connections share it, or the cores of a machine.
/// </summary>
/// <param name="capacity">Units a second for all together.</param>
/// <param name="most">Units a second that a single one can use.</param>
internal sealed class FairShare(Agenda agenda, double capacity, double most)
{
    /// <summary>By what each user has to have got, counted from the beginning, when it is done.</summary>
    private readonly PriorityQueue<Action, (double Got, long Number)> users = new();

    private double got;
    private double since;
    private long number;
    private long plan;

    /// <summary>Begins to use it.</summary>
    /// <param name="amount">Units.</param>
    /// <param name="done">Called when they have been had.</param>
    public void Use(double amount, Action done)
    {
        Advance();
        users.Enqueue(done, (got + amount, number++));
        PlanNext();
    }

    /// <summary>Units a second that each user gets now.</summary>
    private double Rate => Math.Min(capacity / users.Count, most);

    private void Advance()
    {
        if (users.Count > 0)
            got += (agenda.Now - since) * Rate;
        since = agenda.Now;
    }

    private void PlanNext()
    {
        // Only the newest plan counts: whoever comes or goes changes everybody's share.
        long current = ++plan;
        if (users.TryPeek(out _, out (double Got, long Number) first))
            agenda.Plan(agenda.Now + (Math.Max(0, first.Got - got) / Rate), () => Finish(current));
    }

    private void Finish(long planned)
    {
        if (planned != plan)
            return;
        Advance();
        users.TryDequeue(out Action? done, out (double Got, long Number) first);
        got = Math.Max(got, first.Got);
        PlanNext();
        done!();
    }
}
