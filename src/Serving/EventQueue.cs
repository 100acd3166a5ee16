using System.Collections.Concurrent;
using Backprop.Scheduling;

namespace Backprop.Serving;

/// <summary>
/// Events on their way to the main loop, which one thread at a time goes through, in their order. A thread that brings an
/// event, and would only wait for what comes of it, does the loop's work itself: a step waits for no change of threads then.
/// </summary>
internal sealed class EventQueue : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<RunEvent> events = new();
    private Action<RunEvent>? handle;
    private int isWorking = 1;
    private int isTickWaiting;

    /// <summary>Begins with what has come so far.</summary>
    /// <param name="loop">Must not throw.</param>
    public void Open(Action<RunEvent> loop)
    {
        handle = loop;
        Interlocked.Exchange(ref isWorking, 0);
        Wake();
    }

    /// <summary>Tells the loop of something that no worker sent.</summary>
    public void Tell(SchedulerEvent happened)
    {
        Add(new RunEvent(happened));
        Wake();
    }

    /// <summary>
    /// Tells the loop that time passes, unless it has not seen the last tick yet: after a turn that waited for a disk it looks first at what workers
    /// have sent meanwhile, and takes none of them for late.
    /// </summary>
    public void Tick(TimeSpan now)
    {
        if (Interlocked.Exchange(ref isTickWaiting, 1) == 0)
            Add(new RunEvent(new SchedulerEvent.ClockTicked(now)));
        Wake();
    }

    /// <summary>Leaves an event; <see cref="Wake"/> or <see cref="Work"/> has to follow.</summary>
    public void Add(RunEvent happened) => events.Enqueue(happened);

    /// <summary>Has another thread go through what is there, unless one is at it.</summary>
    public void Wake()
    {
        if (!events.IsEmpty && Interlocked.Exchange(ref isWorking, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Goes through what is there on this thread, unless another is at it.</summary>
    public void Work()
    {
        if (!events.IsEmpty && Interlocked.Exchange(ref isWorking, 1) == 0)
            Execute();
    }

    /// <summary>For whoever looks at events without a loop.</summary>
    public bool TryTake(out RunEvent happened) => events.TryDequeue(out happened);

    public void Execute()
    {
        do
        {
            while (events.TryDequeue(out RunEvent happened))
            {
                if (happened.Event is SchedulerEvent.ClockTicked)
                    Volatile.Write(ref isTickWaiting, 0);
                handle!(happened);
            }

            // Not a plain write: that may become seen after the look below, and whoever brings an event between the two would leave it to nobody.
            Interlocked.Exchange(ref isWorking, 0);

            // One may have come after the last look, from somebody who saw that this thread was still at it.
        }
        while (!events.IsEmpty && Interlocked.Exchange(ref isWorking, 1) == 0);
    }
}
