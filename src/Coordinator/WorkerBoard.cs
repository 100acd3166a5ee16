using Backprop.Coordinator.Progress;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Core.Sharding;

namespace Backprop.Coordinator;

/// <summary>What each worker is doing and has done, for people to look at; nothing is decided from it.</summary>
internal sealed class WorkerBoard(TimeProvider time)
{
    private const int LostShown = 8;

    /// <summary>A worker between two steps is not shown as idle: a person looks a few times a second.</summary>
    private static readonly TimeSpan PauseOfNote = TimeSpan.FromSeconds(0.5);

    private readonly List<Row> rows = [];

    public int Joined { get; private set; }

    public int Lost { get; private set; }

    public int Most { get; private set; }

    public int Ready => rows.Count(row => row.Activity is WorkerActivity.Idle or WorkerActivity.Computing);

    public void BecameReady(WorkerConnection worker)
    {
        rows.RemoveAll(row => row.Activity == WorkerActivity.Lost && row.Worker.Name == worker.Name);
        rows.Add(new Row(worker) { Activity = WorkerActivity.Idle });
        Joined++;
        Most = Math.Max(Most, Ready);
    }

    public void Assigned(WorkerId worker, IReadOnlyList<ShardNode> nodes)
    {
        if (Find(worker) is not { } row)
            return;
        row.Activity = WorkerActivity.Computing;
        row.Nodes = nodes;
        row.Unanswered += nodes.Count;
        row.AssignedAt = time.GetTimestamp();
    }

    public void Answered(WorkerId worker, int exampleCount)
    {
        if (Find(worker) is not { } row)
            return;
        row.Examples += exampleCount;
        if (--row.Unanswered > 0)
            return;
        row.Activity = WorkerActivity.Idle;
        row.Times[row.TimeCount++ % row.Times.Length] = time.GetElapsedTime(row.AssignedAt);
    }

    public void Gone(WorkerId worker)
    {
        if (Find(worker) is not { } row)
            return;
        Lost++;
        row.Activity = WorkerActivity.Lost;
        if (rows.Count(lost => lost.Activity == WorkerActivity.Lost) > LostShown)
            rows.Remove(rows.First(lost => lost.Activity == WorkerActivity.Lost));
    }

    /// <param name="connected">Those that are connected, ready or not.</param>
    public IReadOnlyList<WorkerSnapshot> Snapshot(IReadOnlyList<WorkerConnection> connected)
    {
        var snapshots = rows.Select(row => row.Snapshot(time)).ToList();
        snapshots.AddRange(connected
            .Where(worker => Find(worker.Id) is null)
            .Select(worker => new WorkerSnapshot(
                worker.Name, WorkerActivity.ReceivingData, worker.Threads, worker.IsLocal, "", 0, null)));
        return snapshots;
    }

    /// <summary>Compiles what a row is made from before a step waits for it.</summary>
    public static void Rehearse()
    {
        _ = MedianOf(new TimeSpan[3].Take(2), 2);
        _ = string.Join(' ', (IReadOnlyList<ShardNode>)[new ShardNode(0, 1), new ShardNode(1, 1)]);
    }

    private static TimeSpan MedianOf(IEnumerable<TimeSpan> times, int count) => times.Order().ElementAt(count / 2);

    private Row? Find(WorkerId worker)
    {
        foreach (Row row in rows)
        {
            if (row.Worker.Id == worker)
                return row;
        }

        return null;
    }

    private sealed class Row(WorkerConnection worker)
    {
        public WorkerConnection Worker => worker;

        public WorkerActivity Activity { get; set; }

        public IReadOnlyList<ShardNode> Nodes { get; set; } = [];

        public int Unanswered { get; set; }

        public long Examples { get; set; }

        public long AssignedAt { get; set; }

        public TimeSpan[] Times { get; } = new TimeSpan[31];

        public int TimeCount { get; set; }

        public WorkerSnapshot Snapshot(TimeProvider time)
        {
            bool isBusy = Activity == WorkerActivity.Computing
                || (Activity == WorkerActivity.Idle && Nodes.Count > 0 && time.GetElapsedTime(AssignedAt) < PauseOfNote);
            return new WorkerSnapshot(
                worker.Name, isBusy ? WorkerActivity.Computing : Activity, worker.Threads, worker.IsLocal,
                isBusy ? string.Join(' ', Nodes) : "", Examples, MedianTime());
        }

        private TimeSpan? MedianTime()
        {
            int count = Math.Min(TimeCount, Times.Length);
            return count == 0 ? null : MedianOf(Times.Take(count), count);
        }
    }
}
