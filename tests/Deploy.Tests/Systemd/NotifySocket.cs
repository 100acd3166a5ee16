using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Systemd;

/// <summary>What systemd opens for a service of Type=notify: a datagram socket for its words.</summary>
internal sealed class NotifySocket : IDisposable
{
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly ConcurrentQueue<string> heard = new();
    private readonly SemaphoreSlim changed = new(0);

    public NotifySocket(string path)
    {
        Path = path;
        socket.Bind(new UnixDomainSocketEndPoint(path));
        _ = ListenAsync();
    }

    public string Path { get; }

    /// <summary>Waits for a message that has this text.</summary>
    public async Task HearAsync(string text)
    {
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        while (!heard.Any(said => said.Contains(text, StringComparison.Ordinal)))
        {
            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"No '{text}' within {ProgramProcess.Deadline}; heard: {string.Join(" | ", heard)}");
            }
        }
    }

    public void Dispose() => socket.Dispose();

    /// <summary>A sender waits for room, as it would for systemd.</summary>
    private async Task ListenAsync()
    {
        byte[] message = new byte[4096];
        try
        {
            while (true)
            {
                heard.Enqueue(Encoding.UTF8.GetString(message, 0, await socket.ReceiveAsync(message)));
                changed.Release();
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
