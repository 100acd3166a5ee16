using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Backprop.Worker.Transport;

/// <summary>
/// Reads and writes a connection in larger portions than the HTTP/2 client does, which calls the kernel once or twice for every frame of
/// 16 KiB. As much is read as has come. A frame that is full is held back, since the rest of its message follows at once; should it
/// not, because the message ends there or the other side's window is used up, a timer sends it, and holding pauses.
/// </summary>
/// <remarks>Under TLS what is written are no frames, and nothing is held.</remarks>
internal sealed class BatchedStream : Stream
{
    /// <summary>The client's frames have at most the length that HTTP/2 lets every side begin with.</summary>
    public const int FullFrameLength = 9 + FullPayloadLength;

    /// <summary>How long a frame is held at most, but for the timer's own delay.</summary>
    public static readonly TimeSpan HoldLimit = TimeSpan.FromMilliseconds(1);

    /// <summary>Full frames that are not held after one that was held in vain: a narrow window costs a hold in 1 MiB.</summary>
    public const int FramesUnheldAfterVain = 64;

    private const int FullPayloadLength = 16 * 1024;
    private const int ReadAtMost = 128 * 1024;
    private const int HeldAtMost = 17 * FullFrameLength;

    private readonly Stream inner;
    private readonly byte[] read = GC.AllocateUninitializedArray<byte>(ReadAtMost, pinned: true);
    private readonly byte[] held = GC.AllocateUninitializedArray<byte>(HeldAtMost, pinned: true);
    private readonly SemaphoreSlim writing = new(1);
    private readonly ITimer timer;
    private int readStart, readEnd;
    private int heldLength;
    private int unheldFrames;
    private long portion, watchedPortion;
    private bool isWatched;
    private Exception? failure;

    public BatchedStream(Stream inner, TimeProvider time)
    {
        this.inner = inner;
        timer = time.CreateTimer(_ => _ = SendOverdueAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <param name="destination">Of no bytes: waits until there is something to read.</param>
    public override ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken = default) =>
        readStart < readEnd ? new ValueTask<int>(TakeInto(destination.Span)) : FillAsync(destination, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (readStart == readEnd)
            (readStart, readEnd) = (0, inner.Read(read));
        return TakeInto(buffer.AsSpan(offset, count));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            if (failure is not null)
                throw new IOException("The connection broke while it was written to.", failure);
            if (heldLength + buffer.Length > HeldAtMost)
                await SendHeldAsync(cancellationToken);
            bool holds = IsFullFrame(buffer.Span) && unheldFrames-- <= 0;
            unheldFrames = Math.Max(unheldFrames, 0);
            if (heldLength == 0 && !holds)
            {
                await inner.WriteAsync(buffer, cancellationToken);
                return;
            }

            buffer.CopyTo(held.AsMemory(heldLength));
            heldLength += buffer.Length;
            if (holds)
                Watch();
            else
                await SendHeldAsync(cancellationToken);
        }
        finally
        {
            writing.Release();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            timer.Dispose();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>A DATA frame of the greatest length that is not its stream's last.</summary>
    private static bool IsFullFrame(ReadOnlySpan<byte> bytes)
    {
        // Three bytes of length, one of type (0: DATA), one of flags (1: the stream's end).
        return bytes.Length == FullFrameLength
            && BinaryPrimitives.ReadUInt32BigEndian(bytes) == FullPayloadLength << 8
            && (bytes[4] & 1) == 0;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> FillAsync(Memory<byte> destination, CancellationToken cancellation)
    {
        int count = await inner.ReadAsync(read, cancellation);
        (readStart, readEnd) = (0, count);
        return TakeInto(destination.Span);
    }

    private int TakeInto(Span<byte> destination)
    {
        int count = Math.Min(readEnd - readStart, destination.Length);
        read.AsSpan(readStart, count).CopyTo(destination);
        readStart += count;
        return count;
    }

    private ValueTask SendHeldAsync(CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> bytes = held.AsMemory(0, heldLength);
        heldLength = 0;
        portion++;
        return inner.WriteAsync(bytes, cancellation);
    }

    private void Watch()
    {
        if (isWatched)
            return;
        isWatched = true;
        watchedPortion = portion;
        timer.Change(HoldLimit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sends what has been held since the timer was set; what was held later gets its own time.</summary>
    private async Task SendOverdueAsync()
    {
        await writing.WaitAsync();
        try
        {
            isWatched = false;
            if (heldLength == 0)
                return;
            if (portion != watchedPortion)
            {
                Watch();
                return;
            }

            unheldFrames = FramesUnheldAfterVain;
            await SendHeldAsync(CancellationToken.None);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            failure = error;
        }
        finally
        {
            writing.Release();
        }
    }
}
