using Backprop.Protos.Tensors;

namespace Backprop.Protos.SharedMemory;

/// <summary>
/// Bytes from one process to another, in their order, in memory that both map: neither asks the kernel while the other is awake. One
/// thread writes and one reads. What either has done it keeps for itself, and checks what the other says to have done.
/// </summary>
/// <param name="start">The first byte of a cache line; stays mapped while the ring is used.</param>
internal sealed unsafe class MessageRing(byte* start)
{
    /// <summary>Bytes of memory that a ring takes.</summary>
    public const int Length = (3 * Line) + Capacity;

    private const int Line = 64;
    private const int Capacity = 1 << 14;

    // Each in a cache line of its own: what one side writes all the time does not take the other's number along.
    private readonly long* written = (long*)start;
    private readonly long* read = (long*)(start + Line);
    private readonly int* sleeping = (int*)(start + (2 * Line));
    private readonly byte* bytes = start + (3 * Line);
    private long writtenHere;
    private long readHere;

    /// <summary>Whether there is nothing to read.</summary>
    public bool IsEmpty => Volatile.Read(ref *written) == readHere;

    /// <summary>Writes as much as there is room for.</summary>
    /// <returns>How much that was.</returns>
    /// <exception cref="MalformedMessageException">The other side says that it has read what was never written.</exception>
    public int Write(ReadOnlySpan<byte> source)
    {
        int count = (int)Math.Min(source.Length, Capacity - Checked(writtenHere - Volatile.Read(ref *read)));
        int offset = (int)(writtenHere % Capacity);
        int first = Math.Min(count, Capacity - offset);
        source[..first].CopyTo(new Span<byte>(bytes + offset, first));
        source[first..count].CopyTo(new Span<byte>(bytes, count - first));
        writtenHere += count;
        Volatile.Write(ref *written, writtenHere);
        return count;
    }

    /// <summary>Reads what is there.</summary>
    /// <returns>How much that was; 0 when there is nothing.</returns>
    /// <exception cref="MalformedMessageException">The other side says that it has written more than fits.</exception>
    public int Read(Span<byte> target)
    {
        int count = (int)Math.Min(target.Length, Checked(Volatile.Read(ref *written) - readHere));
        int offset = (int)(readHere % Capacity);
        int first = Math.Min(count, Capacity - offset);
        new ReadOnlySpan<byte>(bytes + offset, first).CopyTo(target);
        new ReadOnlySpan<byte>(bytes, count - first).CopyTo(target[first..]);
        readHere += count;
        Volatile.Write(ref *read, readHere);
        return count;
    }

    /// <summary>
    /// Says that the reader is about to sleep. It has to look once more before it does: either it sees what was written before, or the writer
    /// sees that it has to wake somebody.
    /// </summary>
    public void FallAsleep()
    {
        Volatile.Write(ref *sleeping, 1);
        Interlocked.MemoryBarrier();
    }

    /// <summary>Says that the reader looks again.</summary>
    public void WakeUp() => Volatile.Write(ref *sleeping, 0);

    public bool IsReaderAsleep => Volatile.Read(ref *sleeping) != 0;

    /// <summary>Whether the reader sleeps and has not been woken by this side yet; to be asked after writing.</summary>
    public bool MustWake()
    {
        Interlocked.MemoryBarrier();
        return IsReaderAsleep && Interlocked.Exchange(ref *sleeping, 0) != 0;
    }

    private static long Checked(long count) => count is >= 0 and <= Capacity
        ? count
        : throw new MalformedMessageException($"{count} bytes in shared memory, where {Capacity} fit");
}
