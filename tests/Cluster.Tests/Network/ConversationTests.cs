using System.Threading.Channels;
using Backprop.Protos;
using Backprop.Worker.Transport;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<
    Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Cluster.Tests.Network;

public sealed class ConversationTests
{
    private static readonly Welcome welcome = new() { HeartbeatIntervalMs = 1_000, SilenceLimitMs = 8_000 };

    private readonly FakeTimeProvider time = new();

    /// <summary>A coordinator that stood still answers late, and what a step waits for may come by other ways than the call.</summary>
    [Fact]
    public async Task SendHeartbeats_WelcomeCameLate_SilenceBeginsWithIt()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var frames = new Frames();
        using var incoming = new IncomingFrames();
        var outgoing = new OutgoingFrames();
        var beats = new Beats();
        _ = outgoing.WriteAsync(beats, cancellation);
        var conversation = new Conversation(frames, incoming, outgoing, time);
        Task<Welcome> welcomed = conversation.ReceiveWelcomeAsync(cancellation);
        time.Advance(TimeSpan.FromSeconds(7.5));
        frames.Add(new CoordinatorFrame(new CoordinatorMessage { Welcome = welcome }));
        Task beating = conversation.SendHeartbeatsAsync(await welcomed, cancellation);

        // Who gives the coordinator up after the first beat sends no second one.
        for (int beat = 0; beat < 2; beat++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Task<WorkerFrame> sent = beats.NextAsync(cancellation);
            Assert.Same(sent, await Task.WhenAny(sent, beating).WaitAsync(TimeSpan.FromMinutes(1), cancellation));
        }

        time.Advance(TimeSpan.FromSeconds(8));
        RpcException silent = await Assert.ThrowsAsync<RpcException>(() => beating.WaitAsync(TimeSpan.FromMinutes(1), cancellation));
        Assert.Equal("The coordinator was silent for 8 s.", silent.Status.Detail);
    }

    /// <summary>So that what beats is compiled while the worker prepares.</summary>
    [Fact]
    public async Task SendHeartbeats_FirstOne_ComesSoon()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var incoming = new IncomingFrames();
        var outgoing = new OutgoingFrames();
        var beats = new Beats();
        _ = outgoing.WriteAsync(beats, cancellation);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task beating = new Conversation(new Frames(), incoming, outgoing, time).SendHeartbeatsAsync(welcome, ended.Token);
        time.Advance(TimeSpan.FromMilliseconds(50));
        WorkerFrame first = await beats.NextAsync(cancellation).WaitAsync(TimeSpan.FromMinutes(1), cancellation);
        Assert.NotNull(first.Message?.Heartbeat);
        await ended.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => beating);
    }

    private sealed class Beats : IClientStreamWriter<WorkerFrame>
    {
        private readonly Channel<WorkerFrame> sent = Channel.CreateUnbounded<WorkerFrame>();

        public WriteOptions? WriteOptions { get; set; }

        public Task<WorkerFrame> NextAsync(CancellationToken cancellation) => sent.Reader.ReadAsync(cancellation).AsTask();

        public Task WriteAsync(WorkerFrame message) => sent.Writer.WriteAsync(message).AsTask();

        // What comes without it refuses every token that can be cancelled.
        public Task WriteAsync(WorkerFrame message, CancellationToken cancellationToken) =>
            sent.Writer.WriteAsync(message, cancellationToken).AsTask();

        public Task CompleteAsync() => Task.CompletedTask;
    }

    private sealed class Frames : IAsyncStreamReader<CoordinatorFrame>
    {
        private readonly Channel<CoordinatorFrame> frames = Channel.CreateUnbounded<CoordinatorFrame>();

        public CoordinatorFrame Current { get; private set; } = null!;

        public void Add(CoordinatorFrame frame) => frames.Writer.TryWrite(frame);

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            Current = await frames.Reader.ReadAsync(cancellationToken);
            return true;
        }
    }
}
