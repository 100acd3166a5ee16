using System.Diagnostics;

namespace Backprop.Serving;

/// <summary>
/// Doorbells of workers on this machine. At each sleeps a thread of its own; the one that is woken takes what comes from all, and looks for more for a
/// moment before it sleeps again where more is likely to come, so that a small step waits neither for a change of threads nor for the kernel.
/// </summary>
/// <param name="patience">
/// How long it looks for more after messages in quick succession. Between two looks it gives its core away to whoever needs it, a worker that computes most
/// likely, and has it again when that one has sent its value.
/// </param>
internal sealed class DoorbellWatch(EventQueue events, TimeSpan patience)
{
    /// <summary>
    /// Where one has answered and others who were asked at the same time have not, so many times the patience: the thread is on the core of the one that
    /// waits, and if it slept it would take the core of the next one that answers.
    /// </summary>
    private const int PatienceForOthers = 10;

    /// <summary>Messages farther apart than so many times the patience are not looked for: that would take a core from a worker that computes.</summary>
    private const int BriskPace = 5;

    private readonly Lock looking = new();
    private readonly Lock changing = new();
    private volatile DoorbellCaller[] callers = [];
    private int turn;

    /// <summary>Takes what comes from a worker until its doorbell is disposed of.</summary>
    public void Attend(DoorbellCaller caller)
    {
        Change(others => [.. others, caller]);
        new Thread(() => SleepAndLook(caller)) { IsBackground = true, Name = $"doorbell of {caller.Name}" }.Start();
    }

    private void SleepAndLook(DoorbellCaller caller)
    {
        do
        {
            lock (looking)
                Look();
        }
        while (caller.Sleep());
        caller.Leave();
        Change(all => [.. all.Where(other => other != caller)]);
    }

    private void Change(Func<DoorbellCaller[], DoorbellCaller[]> change)
    {
        lock (changing)
            callers = change(callers);
    }

    private void Look()
    {
        do
        {
            foreach (DoorbellCaller caller in callers)
                caller.WakeUp();
            TimeSpan limit = TimeSpan.Zero;
            long since = Stopwatch.GetTimestamp();
            do
            {
                if (TryTake() is { } worthwhile)
                    (limit, since) = (worthwhile, Stopwatch.GetTimestamp());
                else
                    Thread.Yield();
            }
            while (Stopwatch.GetElapsedTime(since) < limit);
        }
        while (!TryFallAsleep());
    }

    /// <summary>Takes a message, each worker's in its turn, so that none is kept waiting by another's many.</summary>
    /// <returns>How long to look for more; null where none came.</returns>
    private TimeSpan? TryTake()
    {
        DoorbellCaller[] all = callers;
        for (int i = 0; i < all.Length; i++)
        {
            int place = (turn + i) % all.Length;
            if (!all[place].TryTake(events))
                continue;
            turn = place + 1;
            return LimitAfter(all[place], all);
        }

        return null;
    }

    private TimeSpan LimitAfter(DoorbellCaller caller, DoorbellCaller[] all)
    {
        foreach (DoorbellCaller other in all)
        {
            if (!caller.Owes && other.Owes)
                return patience * PatienceForOthers;
        }

        return caller.Pace <= patience * BriskPace ? patience : TimeSpan.Zero;
    }

    /// <summary>All have to ring from now on, or the one that need not would never be heard.</summary>
    private bool TryFallAsleep()
    {
        bool isQuiet = true;
        foreach (DoorbellCaller caller in callers)
            isQuiet &= caller.TryFallAsleep();
        return isQuiet;
    }
}
