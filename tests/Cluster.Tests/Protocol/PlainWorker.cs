using Backprop.Cluster.Tests.Processes;
using Backprop.Core.Training;
using Backprop.Protos;
using Grpc.Core;
using Grpc.Net.Client;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>
/// A worker on nothing but the client that protobuf's compiler generates from training.proto, as one in another language
/// would be. It can also misbehave.
/// </summary>
internal sealed class PlainWorker : IAsyncDisposable
{
    private readonly CancellationTokenSource limit = new(ProgramProcess.Deadline);
    private readonly SemaphoreSlim writing = new(1);
    private readonly GrpcChannel channel;
    private readonly AsyncDuplexStreamingCall<WorkerMessage, CoordinatorMessage> call;
    private Task beating = Task.CompletedTask;

    public PlainWorker(string address, Metadata? headers = null)
    {
        channel = Channels.To(address);
        call = new Training.TrainingClient(channel).Work(headers, cancellationToken: limit.Token);
    }

    /// <summary>What the coordinator answered to the join.</summary>
    public Welcome Run { get; private set; } = new();

    /// <summary>Where it puts its values; null: it sends them.</summary>
    public PlainSlots? Slots { get; set; }

    public static JoinRequest Request(string name) => new()
    {
        ProtocolVersion = 1,
        Name = name,
        Incarnation = 1,
        Threads = 1,
        ArithmeticFingerprint = ArithmeticFingerprint.Compute(),
        ProgramVersion = "plain",
    };

    /// <summary>A worker that is taken in.</summary>
    public static Task<PlainWorker> JoinAsync(string address, string name) => JoinAsync(address, Request(name));

    /// <summary>A worker that is taken in.</summary>
    /// <param name="beats">Whether it says that it is alive when it has nothing else to say.</param>
    public static async Task<PlainWorker> JoinAsync(string address, JoinRequest request, bool beats = true)
    {
        var worker = new PlainWorker(address);
        await worker.JoinAsync(request, beats);
        return worker;
    }

    /// <returns>The status of a refusal; null for a worker that is taken in.</returns>
    public async Task<Status?> TryJoinAsync(string name)
    {
        try
        {
            await JoinAsync(Request(name), beats: true);
            return null;
        }
        catch (RpcException error)
        {
            return error.Status;
        }
    }

    /// <summary>Says that it holds the data set.</summary>
    public Task ReadyAsync() =>
        SendAsync(new WorkerMessage { Ready = new WorkerReady { DatasetSha256 = Run.DatasetSha256, SharedMemory = Slots is not null } });

    /// <summary>Sends, unless the call is over: whoever receives learns why.</summary>
    public async Task SendAsync(WorkerMessage message)
    {
        await writing.WaitAsync(limit.Token);
        try
        {
            await call.RequestStream.WriteAsync(message, limit.Token);
        }
        catch (Exception error) when (error is InvalidOperationException or RpcException or IOException)
        {
            // IOException: the server closed the connection while the message was on its way.
        }
        finally
        {
            writing.Release();
        }
    }

    /// <summary>The next message that is no sign of life; null at the end of the call.</summary>
    /// <exception cref="RpcException">The call ended with another status than OK.</exception>
    public async Task<CoordinatorMessage?> ReceiveAsync()
    {
        while (await call.ResponseStream.MoveNext(limit.Token))
        {
            if (call.ResponseStream.Current.ContentCase != CoordinatorMessage.ContentOneofCase.Heartbeat)
                return call.ResponseStream.Current;
        }

        return null;
    }

    /// <summary>The status that the call ends with, whatever comes before.</summary>
    public async Task<Status> EndAsync()
    {
        try
        {
            while (await ReceiveAsync() is not null)
            {
            }
        }
        catch (RpcException error)
        {
            Assert.False(limit.IsCancellationRequested, "The call did not end.");
            return error.Status;
        }

        return call.GetStatus();
    }

    /// <summary>Takes part until the run is over.</summary>
    /// <param name="numbersAtMost">Numbers a message of a node's value.</param>
    /// <param name="beforeMessage">Waited for before each message of a value.</param>
    /// <param name="beforeAnswer">Waited for before an assignment is answered.</param>
    /// <param name="alter">Changes a message of a value before it is sent.</param>
    public async Task<RunEnded> TrainAsync(
        int numbersAtMost = int.MaxValue, Func<Task>? beforeMessage = null, Func<Assignment, Task>? beforeAnswer = null,
        Action<WorkerMessage>? alter = null)
    {
        await ReadyAsync();
        CoordinatorMessage message = await NextAsync();
        if (message.RunEnded is { } endedBefore)
            return endedBefore;
        using var computation = new PlainComputation(Run);
        for (; ; message = await NextAsync())
        {
            if (message.RunEnded is { } ended)
                return ended;
            if (beforeAnswer is not null)
                await beforeAnswer(message.Assignment);
            await computation.TakeWeightsAsync(message.Assignment, ReceiveAsync);
            foreach (WorkerMessage answer in computation.Answer(message.Assignment, numbersAtMost))
            {
                if (beforeMessage is not null)
                    await beforeMessage();
                alter?.Invoke(answer);
                if (Slots is null || answer.NodeValue is null || Slots.Put(message.Assignment, answer.NodeValue))
                    await SendAsync(answer);
            }
        }
    }

    private async Task<CoordinatorMessage> NextAsync() =>
        await ReceiveAsync() ?? throw new InvalidOperationException("No RunEnded.");

    /// <summary>Breaks the call off.</summary>
    public async ValueTask DisposeAsync()
    {
        await limit.CancelAsync();
        await beating;
        call.Dispose();
        channel.Dispose();
        writing.Dispose();
        limit.Dispose();
    }

    private async Task JoinAsync(JoinRequest request, bool beats)
    {
        await SendAsync(new WorkerMessage { Join = request });
        CoordinatorMessage? answer = await ReceiveAsync();
        Run = Assert.IsType<Welcome>(answer?.Welcome);
        if (beats)
            beating = BeatAsync();
    }

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(Run.HeartbeatIntervalMs));
        try
        {
            while (await timer.WaitForNextTickAsync(limit.Token))
                await SendAsync(new WorkerMessage { Heartbeat = new Heartbeat() });
        }
        catch (OperationCanceledException)
        {
        }
    }
}
