namespace Backprop.Scale.Simulation;

/// <summary>What goes one after the other by a share of something: messages over a link, or work of one thread.</summary>
/// <param name="share">What it takes its share of.</param>
/// <param name="delay">Seconds from the end of one to its arrival; the next goes on its way meanwhile.</param>
internal sealed class Connection(Agenda agenda, FairShare share, double delay)
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
        share.Use(next.Amount, () =>
        {
            agenda.Plan(agenda.Now + delay, next.Arrived);
            Begin();
        });
    }
}
