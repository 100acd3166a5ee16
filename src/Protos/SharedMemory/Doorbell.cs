using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using Backprop.Protos.Tensors;
using Google.Protobuf;

namespace Backprop.Protos.SharedMemory;

/// <summary>
/// Messages between two processes of one machine, each way in its order, through memory that both map, with a byte over a Unix-domain socket for a
/// side that sleeps. A side that is awake finds them without the kernel, where a message of HTTP/2 passes through several threads on each side: what
/// waits for a small mini-batch is nothing but messages. Tensors stay in <see cref="SharedModels"/>.
/// </summary>
/// <remarks>One thread at a time may send while another receives.</remarks>
public sealed class Doorbell : IDisposable
{
    /// <summary>Bytes of the longest message.</summary>
    public const int MaximumLength = 1 << 20;

    private const int PrefixLength = sizeof(uint);
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long <see cref="Receive"/> looks for the next message before it sleeps. To be woken takes longer than a small step's computing, and the
    /// system may put whom it wakes on the core of another worker, where it waits for that one's whole step. Between two looks it gives its core away to
    /// whoever needs it meanwhile.
    /// </summary>
    private static readonly TimeSpan patience = TimeSpan.FromMilliseconds(2);

    private readonly Socket socket;
    private readonly SharedModels memory;
    private readonly MessageRing there;
    private readonly MessageRing here;
    private readonly byte[] wake = [1];
    private readonly byte[] woken = new byte[64];
    private volatile bool isOver;
    private bool isCut;
    private byte[] outgoing = new byte[512];
    private byte[] incoming = new byte[4096];
    private int filled;

    /// <param name="there">What is sent goes through it.</param>
    /// <param name="here">What is received comes through it.</param>
    internal Doorbell(Socket socket, SharedModels memory, MessageRing there, MessageRing here)
    {
        this.socket = socket;
        this.memory = memory;
        this.there = there;
        this.here = here;
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
                return new Doorbell(socket, memory, memory.ToCoordinator, memory.ToWorker);
        }
        catch (Exception error) when (error is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            // A system without such sockets, or another one's path.
        }

        socket?.Dispose();
        return null;
    }

    /// <summary>Sends a message; waits where the other side is slow to read.</summary>
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
        isCut = true;
        try
        {
            isCut = !TryWrite(outgoing.AsSpan(0, PrefixLength + length));
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or MalformedMessageException)
        {
            // The other side is gone, this end is disposed of, or what it says of the memory cannot be.
        }

        return !isCut;
    }

    /// <summary>Waits for the next message.</summary>
    /// <returns>Null once the other side is gone, or this one is disposed of.</returns>
    /// <exception cref="MalformedMessageException">What came is none.</exception>
    public TMessage? Receive<TMessage>(MessageParser<TMessage> parser)
        where TMessage : class, IMessage<TMessage>
    {
        do
        {
            long since = Stopwatch.GetTimestamp();
            do
            {
                if (TryReceive(parser) is { } message)
                    return message;
                Thread.Yield();
            }
            while (Stopwatch.GetElapsedTime(since) < patience);
        }
        while (!TryFallAsleep() || Sleep());
        return null;
    }

    /// <summary>Takes the next message if it is there.</summary>
    /// <returns>Null when it is not, or not all of it, or this end is disposed of.</returns>
    /// <exception cref="MalformedMessageException">What came is none.</exception>
    public TMessage? TryReceive<TMessage>(MessageParser<TMessage> parser)
        where TMessage : class, IMessage<TMessage>
    {
        if (!TryFill(PrefixLength))
            return null;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(incoming);
        if (length > MaximumLength)
            throw new MalformedMessageException($"a message of {length} bytes, where {MaximumLength} are the most");
        if (!TryFill(PrefixLength + (int)length))
            return null;
        try
        {
            TMessage message = parser.ParseFrom(incoming.AsSpan(PrefixLength, (int)length));
            filled = 0;
            return message;
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new MalformedMessageException(error.Message, error);
        }
    }

    /// <summary>Has the other side ring for what it sends from now on.</summary>
    /// <returns>False when something has come meanwhile: there is no time to <see cref="Sleep"/>.</returns>
    public bool TryFallAsleep()
    {
        if (!TryHold())
            return true;
        try
        {
            here.FallAsleep();
            if (here.IsEmpty)
                return true;
            here.WakeUp();
            return false;
        }
        finally
        {
            memory.Release();
        }
    }

    /// <summary>Waits until the other side rings.</summary>
    /// <returns>False once it is gone, or this one is disposed of.</returns>
    public bool Sleep()
    {
        try
        {
            return socket.Receive(woken) > 0;
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Tells the other side that there is no need to ring.</summary>
    public void WakeUp()
    {
        if (!TryHold())
            return;
        here.WakeUp();
        memory.Release();
    }

    public void Dispose()
    {
        isOver = true;
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

    /// <returns>False once this end is disposed of, or the memory gone with its call.</returns>
    private bool TryHold()
    {
        if (isOver)
            return false;
        try
        {
            memory.Hold();
            return true;
        }
        catch (ObjectDisposedException)
        {
            isOver = true;
            return false;
        }
    }

    private bool TryWrite(ReadOnlySpan<byte> rest)
    {
        if (!TryHold())
            return false;
        long since = Stopwatch.GetTimestamp();
        try
        {
            while (true)
            {
                rest = rest[there.Write(rest)..];
                if (there.MustWake())
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

    /// <summary>Reads what is there of so many bytes of a message, and nothing of the next one: what is not taken yet stays in the ring, where it is seen.</summary>
    private bool TryFill(int count)
    {
        if (incoming.Length < count)
            Array.Resize(ref incoming, count);
        if (filled < count && TryHold())
        {
            try
            {
                while (filled < count && here.Read(incoming.AsSpan(filled, count - filled)) is > 0 and int read)
                    filled += read;
            }
            finally
            {
                memory.Release();
            }
        }

        return filled >= count;
    }
}
