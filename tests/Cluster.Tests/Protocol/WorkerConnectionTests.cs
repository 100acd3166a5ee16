using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Core.Model;
using JoinRequest = Backprop.Protos.JoinRequest;
using Ready = Backprop.Protos.WorkerReady;
using WorkerMessage = Backprop.Protos.WorkerMessage;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>What a connection tells the training run, and in which order.</summary>
public sealed class WorkerConnectionTests
{
    private static readonly NetworkShape shape = new(2, 1);

    /// <summary>A worker that is ready after it is gone would be given nodes for ever: no connection could end again.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_ReadyAroundTheEnd_IsToldOnlyBeforeIt(bool goneFirst)
    {
        var events = new EventQueue();
        var ready = new OneFrame(new WorkerMessage { Ready = new Ready { DatasetSha256 = "data" } });
        using WorkerConnection connection = Open(events);
        if (goneFirst)
            connection.TellGone("its connection broke");
        await connection.ReadAsync(ready, CancellationToken.None);
        if (!goneFirst)
            connection.TellGone("its connection broke");

        List<SchedulerEvent> told = [];
        while (events.TryTake(out RunEvent happened))
            told.Add(happened.Event);
        told.RemoveAll(happened => happened is SchedulerEvent.WorkerHeard);
        var joined = new SchedulerEvent.WorkerReady(new WorkerId(7), "late", 1);
        var gone = new SchedulerEvent.WorkerGone(new WorkerId(7), "its connection broke");
        Assert.Equal(goneFirst ? [gone] : (SchedulerEvent[])[joined, gone], told);
    }

    private static WorkerConnection Open(EventQueue events) => new(
        new WorkerId(7), new JoinRequest { Name = "late", Threads = 1 }, isLocal: false, "run", "data", new GradientPool(shape),
        new WorkerMemory(null, null, new DoorbellWatch(events, TimeSpan.Zero, TimeProvider.System)), events, TimeProvider.System);
}
