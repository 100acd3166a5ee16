using System.Diagnostics;
using System.Net;
using Backprop.Coordinator;
using Backprop.Coordinator.Commands;
using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Reports;
using Backprop.Coordinator.Scheduling;
using Backprop.Coordinator.Transport;
using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Core.Training;
using WorkKind = Backprop.Coordinator.Scheduling.WorkKind;

namespace Backprop.Transport;

/// <summary>
/// The coordinator's own servers, connection and event queue, with a loop that gives one worker a step after the other and does
/// nothing with its values. The worker's side says whether memory is shared.
/// </summary>
internal sealed class OurWay : IWay
{
    private static readonly ShardNode[] nodes = [new(0, 1)];

    private readonly TaskCompletionSource<WorkerConnection> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("backprop-transport-");
    private readonly RunSetup setup;
    private readonly RunSession session;
    private readonly RunWeights weights;
    private readonly bool sharesMemory;
    private readonly ITimer pulse;
    private RunDirectory? runDirectory;
    private RunRecorder? recorder;
    private CoordinatorHost? host;
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
        var configuration = new RunConfiguration
        {
            Layers = shape.ToString(), MiniBatch = 1, Epochs = 1, Shards = 1, DatasetSha256 = dataset.Sha256,
        };
        NetworkModel model = NetworkModel.Create(shape, configuration.Activations, configuration.Cost);
        setup = new RunSetup(
            configuration, model, configuration.Plan(2, 2, checkpointEvery: 0), dataset,
            new TrainingStart(ParameterInitializers.Create(configuration.Initializer, shape, seed: 1)));
        session = new RunSession(
            "bench", configuration, setup.Plan, dataset, 0, Fingerprint: null, new HashSet<string>(), new WorkerRegistry(),
            new GradientPool(shape), new SharedWeights(shape), new EventQueue(), TimeProvider.System, IsTraced: false);
        weights = new RunWeights(setup.InitialParameters, step: 0, session.Weights, session.Workers.Owes);
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
        Assign(ready.Task.Result);
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
        if (host is not null)
            await host.DisposeAsync();
        if (recorder is not null)
            await recorder.DisposeAsync();
        runDirectory?.Dispose();
        directory.Delete(recursive: true);
    }

    /// <returns>Where the worker joins.</returns>
    private async Task<string> ServeAsync()
    {
        runDirectory = await RunDirectory.CreateAsync(Path.Combine(directory.FullName, "run"), session.Time);
        recorder = new RunRecorder(setup, runDirectory, new ReporterGroup([]), new ReporterGroup([]), session.Time);
        var addresses = new HostAddresses(new IPEndPoint(IPAddress.Loopback, 0), null, null, null, null, null);
        host = await CoordinatorHost.StartAsync(addresses, session, recorder, feed: null);
        session.Events.Open(Take);
        return host!.GrpcAddress!.ToString();
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
            setup.InitialParameters.CopyTo(weights.Next());
            weights.Advance();
        }

        worker.Assign(new Work(WorkKind.Training, 0, ++step, Shards: 1, BatchSize: 1), nodes, weights);
        worker.Ring();
    }
}
