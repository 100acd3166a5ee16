using Backprop.Cluster.Tests.Processes;
using Backprop.Scheduling;
using Backprop.Serving;

namespace Backprop.Cluster.Tests.Protocol;

public sealed class EventQueueTests
{
    /// <summary>A loop that waited for a disk would else be told of seconds in which nobody answered, before it has looked who did.</summary>
    [Fact]
    public async Task Tick_LoopHasNotSeenTheLast_IsLeftOut()
    {
        var queue = new EventQueue();
        var seen = new List<SchedulerEvent>();
        var last = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        for (int second = 1; second < 9; second++)
            queue.Tick(TimeSpan.FromSeconds(second));
        queue.Tell(new SchedulerEvent.StopRequested());
        queue.Open(happened =>
        {
            seen.Add(happened.Event);
            if (happened.Event is SchedulerEvent.StopRequested)
                queue.Tick(TimeSpan.FromSeconds(9));
            if (seen.Count == 3)
                last.SetResult();
        });
        await last.Task.WaitAsync(ProgramProcess.Deadline, TestContext.Current.CancellationToken);
        Assert.Equal(
            [new SchedulerEvent.ClockTicked(TimeSpan.FromSeconds(1)), new SchedulerEvent.StopRequested(), new SchedulerEvent.ClockTicked(TimeSpan.FromSeconds(9))],
            seen);
    }

    /// <summary>An event that comes while the thread at work takes its last look must not be left to nobody.</summary>
    [Fact]
    public async Task Work_EventsAtAnyMoment_NoneIsLeft()
    {
        const int Events = 1_000_000;
        var queue = new EventQueue();
        int handled = 0;
        queue.Open(_ => Interlocked.Increment(ref handled));
        using var end = new CancellationTokenSource(ProgramProcess.Deadline);

        // Each waits until both events of a round are handled: one that is left stays so.
        bool Bring(int begin)
        {
            for (int i = 1; i <= Events && !end.IsCancellationRequested; i++)
            {
                Thread.SpinWait((begin * i) % 13);
                queue.Add(new RunEvent(new SchedulerEvent.ClockTicked(TimeSpan.Zero)));
                queue.Work();
                for (int looks = 1; Volatile.Read(ref handled) < 2 * i && !end.IsCancellationRequested; looks++)
                {
                    Thread.SpinWait(1);
                    if (looks % 2000 == 0 || Environment.ProcessorCount == 1)
                        Thread.Yield();
                }
            }

            return !end.IsCancellationRequested;
        }

        Task<bool> one = Task.Run(() => Bring(1), TestContext.Current.CancellationToken);
        Task<bool> other = Task.Run(() => Bring(3), TestContext.Current.CancellationToken);
        Assert.True(await one && await other, $"{handled} events were handled");
    }
}
