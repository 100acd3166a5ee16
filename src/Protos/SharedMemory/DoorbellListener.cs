using System.Net.Sockets;
using System.Security.Cryptography;

namespace Backprop.Protos.SharedMemory;

/// <summary>Where one worker on this machine finds its <see cref="Doorbell"/>: a socket in the file system, for this user alone.</summary>
public sealed class DoorbellListener : IDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(1);

    private readonly Socket socket;
    private readonly SharedModels memory;

    private DoorbellListener(Socket socket, string path, SharedModels memory)
    {
        this.socket = socket;
        this.memory = memory;
        Path = path;
    }

    public string Path { get; }

    /// <param name="memory">Who does not begin with its key is not taken in; what is sent and received goes through it.</param>
    /// <returns>Null where there can be none: messages then travel over gRPC.</returns>
    public static DoorbellListener? TryCreate(string path, SharedModels memory)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen(1);
            return new DoorbellListener(socket, path, memory);
        }
        catch (Exception error) when (error is SocketException or ArgumentException or PlatformNotSupportedException or IOException or UnauthorizedAccessException)
        {
            socket?.Dispose();
            return null;
        }
    }

    /// <summary>Takes the worker in that has said that it is at the door, and nobody else from then on.</summary>
    /// <returns>Null when nobody was, or somebody without the key.</returns>
    public Doorbell? TryAccept()
    {
        try
        {
            if (!socket.Poll(AnswerLimit, SelectMode.SelectRead))
                return null;
            Socket accepted = socket.Accept();
            if (HasKey(accepted))
                return new Doorbell(accepted, memory, memory.ToWorker, memory.ToCoordinator);
            accepted.Dispose();
            return null;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return null;
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        try
        {
            File.Delete(Path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The next run's sweep takes it away.
        }
    }

    private bool HasKey(Socket accepted)
    {
        Span<byte> said = stackalloc byte[SharedModels.KeyLength];
        accepted.ReceiveTimeout = (int)AnswerLimit.TotalMilliseconds;
        int count = 0;
        while (count < said.Length && accepted.Receive(said[count..]) is > 0 and var read)
            count += read;
        accepted.ReceiveTimeout = 0;
        return count == said.Length && CryptographicOperations.FixedTimeEquals(said, memory.Key);
    }
}
