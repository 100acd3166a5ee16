using System.Diagnostics;
using System.Net;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Transport;

/// <summary>
/// The coordinator's own servers, connection and event queue, with a loop that gives one worker a step after the other and does
/// nothing with its values. The worker's side says whether memory is shared.
/// </summary>
internal sealed class OurWay : IWay
{
    private static readonly ShardNode[] nodes = [new(0, 1)];

    private readonly TaskCompletionSource<WorkerConnection> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Parameters initial;
    private readonly RunSession session;
    private readonly RunWeights weights;
    private readonly bool sharesMemory;
    private readonly ITimer pulse;
    private WorkerServer? server;
    private FarProcess? far;
    private TaskCompletionSource finished = new();
    private Memory<long> left;
    private long begin;
    private long step;

    private OurWay(NetworkShape shape, bool sharesMemory)
    {
        this.sharesMemory = sharesMemory;
        Name = sharesMemory ? "ours, shared memory and doorbell" : "ours, gRPC";
        var examples = ExampleSet.FromBytes(new byte[2], 255, [0, 1], 1, 2);
        var dataset = new Dataset("none", examples, examples);
        initial = ParameterInitializers.Create("scaled-gaussian", shape, seed: 1);
        session = RunSession.Open(
            new Welcome
            {
                ProtocolVersion = ProtocolVersion.Current,
                RunId = "bench",
                Layers = shape.ToString(),
                Activations = "sigmoid",
                Cost = "quadratic",
                MiniBatch = 1,
                Shards = 1,
                TrainingExamples = 2,
                TestExamples = 2,
                EvaluationShards = 1,
                DatasetSha256 = dataset.Sha256,
                HeartbeatIntervalMs = (uint)RunSession.HeartbeatInterval.TotalMilliseconds,
                SilenceLimitMs = (uint)RunSession.SilenceLimit.TotalMilliseconds,
            },
            shape, dataset, fingerprint: null, new HashSet<string>(), TimeProvider.System);
        weights = new RunWeights(initial, step: 0, session.Weights, session.Workers.Owes);
        pulse = session.Time.CreateTimer(_ => session.Workers.Pulse(), null, TimeSpan.Zero, RunSession.TickInterval);
    }

    public string Name { get; }

    public static async Task<OurWay> OpenAsync(NetworkShape shape, bool sharesMemory)
    {
        var way = new OurWay(shape, sharesMemory);
        try
        {
            string address = await way.ServeAsync();
            way.far = FarProcess.Start(sharesMemory ? FarSides.Shared : FarSides.Ours, address, shape.ToString(), asLocalWorker: true);
            await way.ready.Task.WaitAsync(FarProcess.Deadline);
            return way;
        }
        catch
        {
            await way.DisposeAsync();
            throw;
        }
    }

    public Task ExchangeAsync(Memory<long> times)
    {
        finished = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        left = times;
        // As an event: the loop may answer the worker's first value before this thread has returned from sending, and one thread at a time may send.
        session.Events.Tell(new SchedulerEvent.ClockTicked(TimeSpan.Zero));
        return finished.Task;
    }

    public Task<double> EndAsync()
    {
        session.Workers.EndRun(new Protos.RunEnded { Status = "completed" });
        return far!.EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await pulse.DisposeAsync();
        if (far is not null)
            await far.DisposeAsync();
        if (server is not null)
            await server.DisposeAsync();
    }

    /// <returns>Where the worker joins.</returns>
    private async Task<string> ServeAsync()
    {
        server = await WorkerServer.StartAsync(
            new EntranceAddress(new IPEndPoint(IPAddress.Loopback, 0)), session, new AccessLog(Console.Error.WriteLine));
        session.Events.Open(Take);
        return server.Address.ToString();
    }

    private void Take(RunEvent happened)
    {
        switch (happened.Event)
        {
            case SchedulerEvent.WorkerReady:
                ready.TrySetResult(happened.Worker!);
                break;
            case SchedulerEvent.WorkerGone gone:
                finished.TrySetException(new TransportException($"{Name}: the worker is gone: {gone.Reason}"));
                ready.TrySetException(new TransportException($"{Name}: the worker is gone: {gone.Reason}"));
                break;
            case SchedulerEvent.ClockTicked:
                Assign(ready.Task.Result);
                break;
            case SchedulerEvent.NodeValueReceived:
                session.Gradients.Return(happened.Sum!);
                left.Span[0] = Stopwatch.GetTimestamp() - begin;
                left = left[1..];
                if (left.IsEmpty)
                    finished.TrySetResult();
                else
                    Assign(happened.Worker!);
                break;
        }
    }

    private void Assign(WorkerConnection worker)
    {
        begin = Stopwatch.GetTimestamp();
        if (sharesMemory)
        {
            // An update writes the next weights where workers read them; sockets and gRPC send what stands already.
            initial.CopyTo(weights.Next());
            weights.Advance(step + 1);
        }

        worker.Assign(new Work(WorkKind.Training, 0, ++step, Shards: 1, BatchSize: 1), nodes, weights);
        worker.Ring();
    }
}
