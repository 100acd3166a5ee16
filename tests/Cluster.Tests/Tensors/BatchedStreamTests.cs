using System.Buffers.Binary;
using Backprop.Core.Data;
using Backprop.Worker.Transport;
using Microsoft.Extensions.Time.Testing;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>A worker's connection holds full frames back for the rest of their message, and nothing for longer than its limit.</summary>
public sealed class BatchedStreamTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly Connection connection = new();
    private readonly BatchedStream stream;

    public BatchedStreamTests() => stream = new BatchedStream(connection, time);

    public void Dispose() => stream.Dispose();

    [Fact]
    public async Task Write_FullFramesAndARest_LeaveTogether()
    {
        byte[][] frames = [FullFrame(1), FullFrame(2), FullFrame(3), [4, 5, 6]];
        foreach (byte[] frame in frames[..3])
            await stream.WriteAsync(frame, TestContext.Current.CancellationToken);
        Assert.Empty(connection.Written);
        await stream.WriteAsync(frames[3], TestContext.Current.CancellationToken);
        Assert.Equal(frames.SelectMany(frame => frame), Assert.Single(connection.Written));
    }

    [Fact]
    public async Task Write_WhatIsNoFullFrameOfData_LeavesAtOnce()
    {
        byte[] last = FullFrame(1), ofHeaders = FullFrame(2), shorter = FullFrame(3)[..^1];
        last[4] = 1; // the stream's end
        ofHeaders[3] = 1;
        byte[][] all = [last, ofHeaders, shorter, [7]];
        foreach (byte[] bytes in all)
            await stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
        Assert.Equal(all, connection.Written);
    }

    [Fact]
    public async Task Write_FullFrameThatNothingFollows_LeavesAtTheLimit()
    {
        await stream.WriteAsync(FullFrame(1), TestContext.Current.CancellationToken);
        time.Advance(BatchedStream.HoldLimit);
        Assert.Equal(FullFrame(1), Assert.Single(connection.Written));
    }

    [Fact]
    public async Task Write_AfterAHoldInVain_FramesLeaveAtOnceForAWhile()
    {
        await stream.WriteAsync(FullFrame(0), TestContext.Current.CancellationToken);
        time.Advance(BatchedStream.HoldLimit);
        for (int i = 0; i < BatchedStream.FramesUnheldAfterVain; i++)
            await stream.WriteAsync(FullFrame(1), TestContext.Current.CancellationToken);
        Assert.Equal(1 + BatchedStream.FramesUnheldAfterVain, connection.Written.Count);
        await stream.WriteAsync(FullFrame(2), TestContext.Current.CancellationToken);
        Assert.Equal(1 + BatchedStream.FramesUnheldAfterVain, connection.Written.Count);
    }

    [Fact]
    public async Task Write_HeldAfterTheTimerWasSetForOthers_GetsItsOwnTime()
    {
        await stream.WriteAsync(FullFrame(1), TestContext.Current.CancellationToken);
        await stream.WriteAsync(new byte[] { 1 }, TestContext.Current.CancellationToken);
        await stream.WriteAsync(FullFrame(2), TestContext.Current.CancellationToken);
        time.Advance(BatchedStream.HoldLimit);
        Assert.Single(connection.Written);
        time.Advance(BatchedStream.HoldLimit);
        Assert.Equal(FullFrame(2), connection.Written[1]);
    }

    [Fact]
    public async Task Write_MoreThanIsHeld_EveryByteInOrder()
    {
        var random = new RandomSource(seed: 3, stream: 0);
        var sent = new List<byte>();
        for (int i = 0; i < 200; i++)
        {
            byte[] bytes = random.NextInt(10) switch
            {
                0 => new byte[random.NextInt(1000)],
                1 => new byte[400_000],
                _ => FullFrame((byte)i),
            };
            sent.AddRange(bytes);
            await stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
        }

        time.Advance(BatchedStream.HoldLimit);
        time.Advance(BatchedStream.HoldLimit);
        Assert.True(sent.SequenceEqual(connection.Written.SelectMany(bytes => bytes)));
    }

    [Fact]
    public async Task Write_AfterTheTimersWriteFailed_SaysWhy()
    {
        await stream.WriteAsync(FullFrame(1), TestContext.Current.CancellationToken);
        connection.Failure = new IOException("reset");
        time.Advance(BatchedStream.HoldLimit);
        connection.Failure = null;
        IOException error = await Assert.ThrowsAsync<IOException>(
            () => stream.WriteAsync(new byte[1], TestContext.Current.CancellationToken).AsTask());
        Assert.Equal("reset", error.InnerException!.Message);
    }

    [Fact]
    public async Task Read_InPiecesOfAnyLength_GivesEveryByteOnceAndThenTheEnd()
    {
        byte[] coming = new byte[300_000];
        var random = new RandomSource(seed: 4, stream: 0);
        for (int i = 0; i < coming.Length; i++)
            coming[i] = (byte)random.NextInt(256);
        connection.Coming = new MemoryStream(coming);
        var received = new MemoryStream();
        byte[] piece = new byte[20_000];
        while (true)
        {
            // As the HTTP/2 client waits for a frame.
            Assert.Equal(0, await stream.ReadAsync(Memory<byte>.Empty, TestContext.Current.CancellationToken));
            int count = await stream.ReadAsync(piece.AsMemory(0, 1 + random.NextInt(piece.Length)), TestContext.Current.CancellationToken);
            if (count == 0)
                break;
            received.Write(piece, 0, count);
        }

        Assert.True(coming.AsSpan().SequenceEqual(received.ToArray()));
        Assert.InRange(connection.Reads, 1, 6);
    }

    private static byte[] FullFrame(byte filling)
    {
        byte[] frame = new byte[BatchedStream.FullFrameLength];
        frame.AsSpan(9).Fill(filling);
        BinaryPrimitives.WriteUInt32BigEndian(frame, 16384 << 8); // RFC 9113, 4.1: 24 bits of length, then type 0, DATA
        frame[8] = 1; // of stream 1
        return frame;
    }

    /// <summary>Keeps every write, and counts reads.</summary>
    private sealed class Connection : MemoryStream
    {
        public List<byte[]> Written { get; } = [];

        public Stream Coming { get; set; } = new MemoryStream();

        public Exception? Failure { get; set; }

        public int Reads { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Failure is not null)
                return ValueTask.FromException(Failure);
            Written.Add(buffer.ToArray());
            return default;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reads++;
            return Coming.ReadAsync(buffer, cancellationToken);
        }
    }
}
