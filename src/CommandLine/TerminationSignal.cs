using System.Runtime.InteropServices;

namespace Backprop.CommandLine;

/// <summary>
/// Turns Ctrl-C and SIGTERM into a cancellation, so that a run can save what it has; remembers which of them it was.
/// A second one ends the process at once; those that follow within a second are taken for the same wish, since some
/// programs send a signal to a process and to its group.
/// </summary>
public sealed class TerminationSignal : IDisposable
{
    private static readonly TimeSpan SameWish = TimeSpan.FromSeconds(1);

    private readonly TimeProvider time;
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private int received;
    private long receivedAt;

    /// <param name="time">Null: the system's.</param>
    public TerminationSignal(TimeProvider? time = null)
    {
        this.time = time ?? TimeProvider.System;
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Receive),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Receive),
        ];
    }

    public CancellationToken Token => source.Token;

    /// <summary>The first signal that came; null before it.</summary>
    public PosixSignal? Received => Volatile.Read(ref received) is var signal and not 0 ? (PosixSignal)signal : null;

    /// <summary>130 after Ctrl-C, 143 after SIGTERM, as a shell reports them; 0 without either.</summary>
    public int ExitCode => Received switch
    {
        null => ExitCodes.Success,
        PosixSignal.SIGTERM => ExitCodes.Terminated,
        _ => ExitCodes.Interrupted,
    };

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations)
            registration.Dispose();
        source.Dispose();
    }

    internal void Receive(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.CompareExchange(ref received, (int)context.Signal, 0) == 0)
        {
            Volatile.Write(ref receivedAt, time.GetTimestamp());
            _ = source.CancelAsync();
        }
        else if (Volatile.Read(ref receivedAt) is var first and not 0 && time.GetElapsedTime(first) > SameWish)
        {
            Environment.Exit(ExitCode);
        }
    }
}
