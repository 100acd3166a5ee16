namespace Backprop.Serving;

/// <summary>
/// Doorbells of workers on this machine. At each sleeps a thread of its own; the one that is woken takes what comes from all, and looks for more for a
/// moment before it sleeps again where more is likely to come, so that a small step waits neither for a change of threads nor for the kernel. Where another
/// answer is due as it takes one, it looks for that whatever the step takes: the core is that of a worker that has answered, and the step is updated there while the last one gathers its next examples.
/// </summary>
/// <param name="patience">
/// How long it looks for more where answers come soon. Between two looks it gives its core away to whoever needs it, a worker that computes most
/// likely, and has it again when that one has sent its value.
/// </param>
internal sealed class DoorbellWatch(EventQueue events, TimeSpan patience, TimeProvider time)
{
    /// <summary>Whose answers take longer than so many times the patience is not looked for before it is due: that would take a core from a worker that computes.</summary>
    private const int LongAnswer = 10;

    private readonly Lock looking = new();
    private readonly Lock changing = new();
    private volatile DoorbellCaller[] callers = [];

    public TimeProvider Time => time;

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
            long since = Time.GetTimestamp();
            do
            {
                if (TryTake() is { } worthwhile)
                    (limit, since) = (worthwhile, Time.GetTimestamp());
                else
                    Thread.Yield();
            }
            while (Time.GetElapsedTime(since) < limit);
        }
        while (!TryFallAsleep());
    }

    /// <summary>One message of each, so that none is kept waiting by another's many.</summary>
    /// <returns>How long to look for more; null where none came.</returns>
    private TimeSpan? TryTake()
    {
        TimeSpan? limit = null;
        foreach (DoorbellCaller caller in callers)
        {
            if (caller.TryTake(events))
                limit = limit == patience || caller.Took <= patience * LongAnswer ? patience : TimeSpan.Zero;
        }

        if (limit is null)
            return null;
        foreach (DoorbellCaller caller in callers)
            limit = caller.DueFor is var due && due > limit ? due : limit;
        return limit;
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
