using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using Backprop.Protos.Tensors;
using Google.Protobuf;

namespace Backprop.Protos.SharedMemory;

/// <summary>
/// Messages between two processes of one machine, each in its order: a worker's over a Unix-domain socket, the coordinator's through memory that both
/// map, with a byte over the socket for a worker that sleeps. Whoever waits for one is woken by the kernel, where a message of HTTP/2 passes through
/// several threads on each side: what waits for a small mini-batch is nothing but messages. Tensors stay in <see cref="SharedModels"/>.
/// </summary>
/// <remarks>One thread may send while another receives.</remarks>
public sealed class Doorbell : IDisposable
{
    /// <summary>Bytes of the longest message.</summary>
    public const int MaximumLength = 1 << 20;

    private const int PrefixLength = sizeof(uint);
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a worker looks for the next message before it sleeps. To be woken takes longer than a small step's computing, and the system may
    /// put whom it wakes on the core of another worker, where it waits for that one's whole step. Between two looks it gives its core away to whoever
    /// needs it meanwhile.
    /// </summary>
    private static readonly TimeSpan patience = TimeSpan.FromMilliseconds(2);

    private readonly Socket socket;
    private readonly SharedModels memory;
    private readonly bool isWorker;
    private readonly byte[] wake = [1];
    private readonly byte[] woken = new byte[64];
    private bool isCut;
    private byte[] outgoing = new byte[512];
    private byte[] incoming = new byte[4096];
    private int begin;
    private int end;

    /// <param name="memory">Through which the coordinator sends.</param>
    /// <param name="isWorker">Whether this is the worker's end, where <see cref="Receive"/> looks for a message for a moment before it sleeps.</param>
    internal Doorbell(Socket socket, SharedModels memory, bool isWorker)
    {
        this.socket = socket;
        this.memory = memory;
        this.isWorker = isWorker;
        socket.SendTimeout = (int)SendLimit.TotalMilliseconds;
    }

    /// <summary>Goes to the coordinator that offers it.</summary>
    /// <param name="memory">What it shares: the other side takes nobody in who does not know the memory's key.</param>
    /// <returns>Null where it cannot be reached: messages then travel over gRPC.</returns>
    public static Doorbell? TryConnect(string path, SharedModels memory)
    {
        Socket? socket = null;
        try
        {
            var address = new UnixDomainSocketEndPoint(path);
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(address);
            if (socket.Send(memory.Key) == SharedModels.KeyLength)
                return new Doorbell(socket, memory, isWorker: true);
        }
        catch (Exception error) when (error is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            // A system without such sockets, or another one's path.
        }

        socket?.Dispose();
        return null;
    }

    /// <returns>False when the other side is known to be gone, or does not read; nothing can be sent any more then.</returns>
    public bool TrySend(IMessage message)
    {
        if (isCut)
            return false;
        int length = message.CalculateSize();
        if (outgoing.Length < PrefixLength + length)
            outgoing = new byte[PrefixLength + (2 * length)];
        BinaryPrimitives.WriteUInt32LittleEndian(outgoing, (uint)length);
        message.WriteTo(outgoing.AsSpan(PrefixLength, length));
        ReadOnlySpan<byte> bytes = outgoing.AsSpan(0, PrefixLength + length);
        isCut = true;
        try
        {
            if (isWorker)
                SendOverSocket(bytes);
            else if (!TrySendThroughMemory(bytes))
                return false;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or MalformedMessageException)
        {
            return false;
        }

        isCut = false;
        return true;
    }

    /// <summary>Waits for the next message.</summary>
    /// <returns>Null once the other side is gone, or this one is disposed of.</returns>
    /// <exception cref="MalformedMessageException">What came is none.</exception>
    public TMessage? Receive<TMessage>(MessageParser<TMessage> parser)
        where TMessage : class, IMessage<TMessage>
    {
        if (isWorker && begin == end)
            LookForMessage();
        if (!Fill(PrefixLength))
            return null;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(incoming.AsSpan(begin));
        if (length > MaximumLength)
            throw new MalformedMessageException($"a message of {length} bytes, where {MaximumLength} are the most");
        begin += PrefixLength;
        if (!Fill((int)length))
            return null;
        try
        {
            TMessage message = parser.ParseFrom(incoming.AsSpan(begin, (int)length));
            begin += (int)length;
            return message;
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new MalformedMessageException(error.Message, error);
        }
    }

    public void Dispose()
    {
        try
        {
            // Wakes a thread that waits for a message.
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The other side was faster.
        }

        socket.Dispose();
    }

    private void SendOverSocket(ReadOnlySpan<byte> rest)
    {
        while (rest.Length > 0)
            rest = rest[socket.Send(rest)..];
    }

    /// <summary>Waits where the worker is slow to read.</summary>
    private bool TrySendThroughMemory(ReadOnlySpan<byte> rest)
    {
        long since = Stopwatch.GetTimestamp();
        memory.Hold();
        try
        {
            while (true)
            {
                rest = rest[memory.Messages.Write(rest)..];
                if (memory.Messages.MustWake())
                    socket.Send(wake);
                if (rest.Length == 0)
                    return true;
                if (Stopwatch.GetElapsedTime(since) > SendLimit)
                    return false;
                Thread.Yield();
            }
        }
        finally
        {
            memory.Release();
        }
    }

    private void LookForMessage()
    {
        long since = Stopwatch.GetTimestamp();
        while (memory.Messages.IsEmpty && Stopwatch.GetElapsedTime(since) < patience)
            Thread.Yield();
    }

    /// <summary>Reads what the coordinator wrote, and sleeps until it has written something.</summary>
    /// <returns>0 once it is gone.</returns>
    private int ReadFromMemory(Span<byte> target)
    {
        while (true)
        {
            if (memory.Messages.Read(target) is > 0 and int count)
                return count;
            memory.Messages.FallAsleep();
            if (memory.Messages.IsEmpty && socket.Receive(woken) == 0)
                return 0;
            memory.Messages.WakeUp();
        }
    }

    /// <summary>Reads until so many bytes are there.</summary>
    private bool Fill(int count)
    {
        if (begin == end)
            begin = end = 0;
        if (begin + count > incoming.Length)
        {
            byte[] target = count > incoming.Length ? new byte[count] : incoming;
            incoming.AsSpan(begin, end - begin).CopyTo(target);
            (incoming, begin, end) = (target, 0, end - begin);
        }

        try
        {
            while (end - begin < count)
            {
                int read = isWorker ? ReadFromMemory(incoming.AsSpan(end)) : socket.Receive(incoming.AsSpan(end));
                if (read == 0)
                    return false;
                end += read;
            }

            return true;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
