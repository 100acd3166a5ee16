using System.Runtime.InteropServices;

namespace Backprop.CommandLine;

/// <summary>
/// Turns Ctrl-C and SIGTERM into a cancellation, so that a run can save what it has; remembers which of them it was.
/// A second one ends the process at once.
/// </summary>
public sealed class TerminationSignal : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private int received;

    public TerminationSignal() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Receive),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Receive),
    ];

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
            _ = source.CancelAsync();
        else
            Environment.Exit(ExitCode);
    }
}
