using System.Text.Json;
using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;
using Backprop.Scheduling;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Microsoft.Extensions.Time.Testing;
using Work = Backprop.Scheduling.Work;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Cluster.Tests.Reports;

/// <summary>Where the trace puts what a worker tells.</summary>
public sealed class RunTraceTests : IDisposable
{
    private const ulong Millisecond = 1_000_000;

    private static readonly WorkerId worker = new(1);
    private static readonly ShardNode root = new(0, 4);
    private static readonly Work work = new(WorkKind.Training, 0, 0, 4, 16);

    private readonly TemporaryDirectory directory = new();
    // Its timestamps count from the year 1; a day later they fit into nanoseconds as a machine's do.
    private readonly FakeTimeProvider time = new(DateTimeOffset.MinValue.AddDays(1));
    private readonly List<string> warnings = [];

    private string Path => System.IO.Path.Combine(directory.Path, "trace.json");

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Answered_WorkersClockFits_SpansStandWhereItSays()
    {
        Play(answerAfter: 10, began: clock => clock + (2 * Millisecond));
        Assert.Equal([("assignment on its way", 0, 2000), ("forward 0", 2000, 3000), ("value on its way", 5000, 5000)], Spans());
    }

    /// <summary>3 of 10 ms were computing: 3.5 ms are left for each way.</summary>
    [Fact]
    public void Answered_WorkersClockIsAnother_WorkStandsInTheMiddle()
    {
        Play(answerAfter: 10, began: _ => 987_654 * Millisecond);
        Assert.Equal([("assignment on its way", 0, 3500), ("forward 0", 3500, 3000), ("value on its way", 6500, 3500)], Spans());
    }

    [Fact]
    public void Answered_WorkerSaysMoreThanPassed_NothingIsBeforeItsAssignment()
    {
        Play(answerAfter: 2, began: _ => 0);
        Assert.Equal([("assignment on its way", 0, 0), ("forward 0", 0, 3000), ("value on its way", 3000, 0)], Spans());
    }

    /// <summary>A relay tells how long its workers computed, and not when.</summary>
    [Fact]
    public void Answered_SeveralValuesOnTheirWayAtOnce_EachBeginsWhereTheOneBeforeEnds()
    {
        using (RunTrace trace = Open())
        {
            trace.Assigned(worker, "w1", work, [root.Left, root.Right], trace.Now);
            time.Advance(TimeSpan.FromMilliseconds(10));
            trace.Answered(Value(root.Left), new NodeHeader { ComputedUs = 2000 });
            time.Advance(TimeSpan.FromMilliseconds(2));
            trace.Answered(Value(root.Right), new NodeHeader { ComputedUs = 4000 });
        }

        Assert.Equal([("value on its way", 6000, 4000), ("value on its way", 10_000, 2000)], Spans());
    }

    [Fact]
    public void Span_FileCannotBeWritten_IsToldOnceAndTheRunGoesOn()
    {
        using var disk = new FullDisk();
        using var file = new TraceFile(disk, "trace.json", warnings.Add);
        for (int step = 0; step < 10_000; step++)
            file.Span(1, 0, "step", "step", step, step, step + 1);

        Assert.Equal(["WARNING: --trace trace.json ends here: No space left on device; training goes on"], warnings);

        // What did fit of the last events is taken back: the file ends with a whole one.
        Assert.Equal(0, disk.Length);
    }

    /// <summary>A worker is given the root and says that its forward pass took 3 ms.</summary>
    private void Play(int answerAfter, Func<ulong, ulong> began)
    {
        using RunTrace trace = Open();
        ulong clock = (ulong)time.GetElapsedTime(0).TotalNanoseconds;
        trace.Assigned(worker, "w1", work, [root], trace.Now);
        time.Advance(TimeSpan.FromMilliseconds(answerAfter));
        var header = new NodeHeader { AssignedNs = began(clock) };
        header.Spans.Add(new TraceSpan { Activity = TraceActivity.Gather });
        header.Spans.Add(new TraceSpan { Activity = TraceActivity.Forward, LengthNs = 3 * Millisecond });
        trace.Answered(Value(root), header);
    }

    private RunTrace Open() => new(TraceFile.Create(Path, warnings.Add), time);

    private SchedulerEvent.NodeValueReceived Value(ShardNode node) => new(worker, WorkKind.Training, 0, node, time.GetElapsedTime(0));

    private List<(string Name, double Begin, double Length)> Spans()
    {
        using JsonDocument trace = JsonDocument.Parse(File.ReadAllText(Path));
        return
        [
            .. trace.RootElement.EnumerateArray()
                .Where(entry => entry.GetProperty("ph").GetString() == "X" && entry.GetProperty("pid").GetInt32() == worker.Number)
                .Select(entry => (entry.GetProperty("name").GetString()!, entry.GetProperty("ts").GetDouble(), entry.GetProperty("dur").GetDouble()))
                .Where(span => span.Item1 != "gather"),
        ];
    }

    private sealed class FullDisk : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer[..100]);
            throw new IOException("No space left on device.");
        }
    }
}
