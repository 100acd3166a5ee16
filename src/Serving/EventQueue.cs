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

    /// <summary>Begins with what has come so far.</summary>
    /// <param name="loop">Must not throw.</param>
    public void Open(Action<RunEvent> loop)
    {
        handle = loop;
        Volatile.Write(ref isWorking, 0);
        Wake();
    }

    /// <summary>Tells the loop of something that no worker sent.</summary>
    public void Tell(SchedulerEvent happened)
    {
        Add(new RunEvent(happened));
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
                handle!(happened);
            // Not a plain write: that may become seen after the look below, and whoever brings an event between the two would leave it to nobody.
            Interlocked.Exchange(ref isWorking, 0);

            // One may have come after the last look, from somebody who saw that this thread was still at it.
        }
        while (!events.IsEmpty && Interlocked.Exchange(ref isWorking, 1) == 0);
    }
}
