using Backprop.Scheduling;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Work = Backprop.Scheduling.Work;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Coordinator.Reports;

/// <summary>
/// What coordinator and workers did when. The coordinator is a process of the trace, with its assignments, updates and
/// evaluations; each worker is one, with a row for its computing and one for messages on their way and its waiting.
/// </summary>
/// <remarks>
/// A worker tells its times by its own clock. Where they lie between its assignment and its value, as they do on the
/// coordinator's machine, they are taken; else its work is put into the middle of that time, and both ways look alike.
/// </remarks>
internal sealed class RunTrace : IDisposable
{
    private const int Coordinator = 0;
    private const int CoordinatorWork = 0;
    private const int StepsRow = 1;
    private const int ComputingRow = 0;
    private const int MessagesRow = 1;

    private readonly TraceFile file;
    private readonly TimeProvider time;
    private readonly double begin;
    private readonly Dictionary<WorkerId, WorkerTimes> workers = [];
    private double? workBegin;

    public RunTrace(TraceFile file, TimeProvider time)
    {
        this.file = file;
        this.time = time;
        begin = time.GetElapsedTime(0).TotalMicroseconds;
        file.NameProcess(Coordinator, "coordinator");
        file.NameRow(Coordinator, CoordinatorWork, "coordinator");
        file.NameRow(Coordinator, StepsRow, "steps");
    }

    /// <summary>Microseconds since the trace began.</summary>
    public double Now => At(time.GetElapsedTime(0));

    /// <summary>A worker was given nodes.</summary>
    /// <param name="since">When the coordinator began with it; it has just ended.</param>
    public void Assigned(WorkerId worker, string name, Work work, IReadOnlyList<ShardNode> nodes, double since)
    {
        if (!workers.TryGetValue(worker, out WorkerTimes? times))
        {
            workers[worker] = times = new WorkerTimes();
            file.NameProcess(worker.Number, name);
            file.NameRow(worker.Number, ComputingRow, "computing");
            file.NameRow(worker.Number, MessagesRow, "messages and waiting");
        }

        double now = Now;
        workBegin ??= since;
        file.Span(Coordinator, CoordinatorWork, $"assign to {name}", "communication", work.Step, since, now);
        if (times is { Owed.Count: 0, IdleSince: { } idle })
            Follow(worker, times, MessagesRow, "wait", "waiting", work.Step, idle, since);
        times.IdleSince = null;
        foreach (ShardNode node in nodes)
        {
            // Not now: the worker may be at it before this thread is back from waking it.
            times.Owed[(work.Kind, work.Step, node)] = since;
        }
    }

    /// <summary>A node's value has come.</summary>
    /// <param name="header">What the worker says of a training node's value.</param>
    public void Answered(SchedulerEvent.NodeValueReceived value, NodeHeader? header)
    {
        if (!workers.TryGetValue(value.Worker, out WorkerTimes? times)
            || !times.Owed.Remove((value.Kind, value.Step, value.Node), out double assigned))
            return;
        double received = At(value.Now);
        times.IdleSince = received;
        if (header is null)
        {
            Follow(value.Worker, times, ComputingRow, "evaluate", "computing", value.Step, assigned, received);
            return;
        }

        double length = header.Spans.Count == 0 ? header.ComputedUs : header.Spans.Max(span => Microseconds(span.BeginNs) + Microseconds(span.LengthNs));
        double began = Microseconds(header.AssignedNs) - begin;
        if (began < assigned || began + length > received)
            began = assigned + Math.Max(0, (received - assigned - length) / 2);
        if (header.Spans.Any(span => span.Activity == TraceActivity.Gather))
            Follow(value.Worker, times, MessagesRow, "assignment on its way", "communication", value.Step, assigned, began);
        foreach (TraceSpan span in header.Spans)
            Tell(value, times, span, began);
        Follow(value.Worker, times, MessagesRow, "value on its way", "communication", value.Step, began + length, received);
    }

    /// <summary>A step or an evaluation is done.</summary>
    /// <param name="since">When the coordinator began to add.</param>
    public void Committed(Work work, double since)
    {
        double now = Now;
        if (work.Kind == WorkKind.Training)
            file.Span(Coordinator, CoordinatorWork, "add and update", "computing", work.Step, since, now);
        if (workBegin is { } first)
            file.Span(Coordinator, StepsRow, work.Kind == WorkKind.Training ? "step" : "evaluation", "step", work.Step, first, now);
        workBegin = null;
    }

    /// <summary>The layers after the first are updated too, which has happened while workers were at that one.</summary>
    /// <param name="since">When the coordinator went on with them.</param>
    public void Updated(Work work, double since) =>
        file.Span(Coordinator, CoordinatorWork, "update further layers", "computing", work.Step, since, Now);

    public void Gone(WorkerId worker) => workers.Remove(worker);

    public void Dispose() => file.Dispose();

    private double At(TimeSpan sinceStart) => sinceStart.TotalMicroseconds - begin;

    private static double Microseconds(ulong nanoseconds) => nanoseconds / 1000.0;

    private void Tell(SchedulerEvent.NodeValueReceived value, WorkerTimes times, TraceSpan span, double began)
    {
        (string name, string category) = span.Activity switch
        {
            TraceActivity.Gather => ("gather", "computing"),
            TraceActivity.Wait => ($"wait for weights {span.Layer}", "waiting"),
            TraceActivity.Forward => ($"forward {span.Layer}", "computing"),
            TraceActivity.Backward => ($"backward {span.Layer}", "computing"),
            TraceActivity.HandOut => ($"hand out {span.Layer}", "communication"),
            _ => ("other", "computing"),
        };
        double from = began + Microseconds(span.BeginNs);
        Follow(value.Worker, times, ComputingRow, name, category, value.Step, from, from + Microseconds(span.LengthNs));
    }

    /// <summary>
    /// Puts a span into a worker's row, where it begins no sooner than those before have ended: several messages are on their way at
    /// once, and the spans of a row may only overlap if one holds the other.
    /// </summary>
    private void Follow(WorkerId worker, WorkerTimes times, int row, string name, string category, long step, double begin, double end)
    {
        file.Span(worker.Number, row, name, category, step, Math.Max(begin, times.RowEnds[row]), end);
        times.RowEnds[row] = Math.Max(times.RowEnds[row], end);
    }

    private sealed class WorkerTimes
    {
        /// <summary>Nodes that a value is still to come for, and when they were given out.</summary>
        public Dictionary<(WorkKind Kind, long Step, ShardNode Node), double> Owed { get; } = [];

        public double? IdleSince { get; set; }

        /// <summary>When the last span of each row has ended.</summary>
        public double[] RowEnds { get; } = new double[MessagesRow + 1];
    }
}
