namespace Backprop.Scale.Simulation;

/// <summary>
/// What goes one after the other by a share of something: messages over the links at both of its ends, or work of one thread. A
/// message is through when all of them have carried it. With nothing to share it takes no time but the delay.
/// </summary>
/// <param name="delay">Seconds from the end of one to its arrival; the next goes on its way meanwhile.</param>
/// <param name="shares">What it takes its share of.</param>
internal sealed class Connection(Agenda agenda, double delay, params FairShare[] shares)
{
    private readonly Queue<(double Amount, Action Arrived)> waiting = new();
    private bool isBusy;

    public void Send(double amount, Action arrived)
    {
        waiting.Enqueue((amount, arrived));
        if (!isBusy)
            Begin();
    }

    private void Begin()
    {
        isBusy = waiting.TryDequeue(out (double Amount, Action Arrived) next);
        if (!isBusy)
            return;
        int carrying = shares.Length;
        foreach (FairShare share in shares)
        {
            share.Use(next.Amount, () =>
            {
                if (--carrying == 0)
                    End(next.Arrived);
            });
        }

        if (shares.Length == 0)
            End(next.Arrived);
    }

    private void End(Action arrived)
    {
        agenda.Plan(agenda.Now + delay, arrived);
        Begin();
    }
}
