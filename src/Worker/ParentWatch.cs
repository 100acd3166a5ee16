using System.Runtime.InteropServices;

namespace Backprop.Worker;

/// <summary>
/// Notices that the program that started this one is gone, however it ended: standard input, a pipe from it, ends. Ctrl-C
/// reaches both in a terminal; it is the other's to answer, so that the running step can still be finished.
/// </summary>
internal sealed class ParentWatch : IDisposable
{
    private readonly CancellationTokenSource ended = new();
    private readonly PosixSignalRegistration termination;

    public ParentWatch()
    {
        termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => ended.Cancel());
        var reader = new Thread(ReadToEnd) { IsBackground = true, Name = "standard input" };
        reader.Start();
    }

    public CancellationToken Ended => ended.Token;

    public void Dispose() => termination.Dispose();

    private void ReadToEnd()
    {
        using Stream input = Console.OpenStandardInput();
        byte[] ignored = new byte[64];
        try
        {
            while (input.Read(ignored) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A broken pipe says the same.
        }

        ended.Cancel();
    }
}
