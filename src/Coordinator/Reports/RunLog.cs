using Backprop.Scheduling;
using Backprop.Core.Sharding;

namespace Backprop.Coordinator.Reports;

/// <summary>
/// What a run leaves for machines beside its figures: its ledger and its events. A full disk costs the file and a warning,
/// never the run.
/// </summary>
/// <param name="warn">Receives one line for each file that could not be written.</param>
internal sealed class RunLog(string directory, TimeProvider time, Action<string> warn) : IDisposable
{
    private LedgerFile? ledger;
    private EventLogFile? events;

    /// <param name="firstStep">Where the run starts or goes on; what the ledger says of it and later steps is dropped.</param>
    public void Begin(long firstStep)
    {
        ledger = Open(LedgerFile.Name, path => LedgerFile.Open(path, firstStep));
        if (ledger is { } open && open.End < firstStep)
        {
            warn(
                $"WARNING: {Path.Combine(directory, LedgerFile.Name)} tells nothing of steps {open.End} to {firstStep - 1}: verify can prove nothing of them");
        }

        events = Open(EventLogFile.Name, path => new EventLogFile(path, time));
    }

    public void Event(NoticeKind kind, long step, string? worker, string line) =>
        Guard(ref events, EventLogFile.Name, file => file.Append(kind, step, worker, line));

    /// <summary>A step was committed with values that these gave.</summary>
    public void Committed(long step, IReadOnlyDictionary<ShardNode, string> givers) =>
        Guard(ref ledger, LedgerFile.Name, file => file.Commit(step, givers));

    /// <summary>Brings the ledger up to the last committed step.</summary>
    public void Flush() => Guard(ref ledger, LedgerFile.Name, file => file.Flush());

    public void Dispose()
    {
        ledger?.Dispose();
        events?.Dispose();
    }

    private T? Open<T>(string name, Func<string, T> open)
        where T : class
    {
        string path = Path.Combine(directory, name);
        try
        {
            return open(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            warn(Warning(name, error));
            return null;
        }
    }

    private void Guard<T>(ref T? file, string name, Action<T> write)
        where T : class, IDisposable
    {
        if (file is not { } open)
            return;
        try
        {
            write(open);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What follows would have a gap before it.
            file = null;
            open.Dispose();
            warn(Warning(name, error));
        }
    }

    private string Warning(string name, Exception error) =>
        $"WARNING: {Path.Combine(directory, name)} could not be written: {error.Message.TrimEnd('.')}; it ends here";
}
