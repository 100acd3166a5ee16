using System.Runtime.InteropServices;

namespace Backprop.Faults;

/// <summary>Signals that .NET has no call for.</summary>
internal static partial class Signals
{
    private const int Kill = 9, Continue = 18, Stop = 19;

    public static void KillProcess(int process) => Send(process, Kill);

    public static void Freeze(int process) => Send(process, Stop);

    public static void Thaw(int process) => Send(process, Continue);

    private static void Send(int process, int signal)
    {
        if (SendSignal(process, signal) != 0)
            throw new MeasurementException($"Process {process} cannot be sent signal {signal}: it is gone.");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
