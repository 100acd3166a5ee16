using System.Net;
using System.Threading.Channels;
using Backprop.Cluster.Tests.Processes;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Backprop.Scheduling;
using Backprop.Serving;
using DatasetRequest = Backprop.Core.Data.DatasetRequest;
using Work = Backprop.Scheduling.Work;
using WorkKind = Backprop.Scheduling.WorkKind;

namespace Backprop.Cluster.Tests.Relays;

/// <summary>A coordinator of one worker, who gets the whole mini-batch, and a step's weights in as many pieces as the test wants and when it wants.</summary>
internal sealed class PieceByPieceCoordinator : IAsyncDisposable
{
    private const int MiniBatch = 64;
    private const int Shards = 8;
    private const ulong Seed = 1;

    private static readonly NetworkShape shape = new(64, 30, 10);
    private static readonly Dataset digits = Datasets.Open(new DatasetRequest(Datasets.Digits));

    private readonly Channel<RunEvent> happenings = Channel.CreateUnbounded<RunEvent>();
    private readonly RunSession session;
    private readonly WorkerServer server;
    private readonly ITimer ticking;

    private PieceByPieceCoordinator(RunSession session, WorkerServer server)
    {
        this.session = session;
        this.server = server;
        session.Events.Open(happened => happenings.Writer.TryWrite(happened));
        ticking = session.StartTicking();
    }

    public string Address => server.Address.ToString();

    public static async Task<PieceByPieceCoordinator> StartAsync()
    {
        var welcome = new Welcome
        {
            ProtocolVersion = ProtocolVersion.Current,
            RunId = "piece-by-piece",
            Layers = shape.ToString(),
            Activations = "sigmoid",
            Cost = "cross-entropy",
            MiniBatch = MiniBatch,
            Shards = Shards,
            Shuffle = true,
            Seed = Seed,
            TrainingExamples = (uint)digits.Training.Count,
            TestExamples = (uint)digits.Test.Count,
            EvaluationShards = 1,
            DatasetSha256 = digits.Sha256,
            DatasetName = digits.Name,
            DatasetLength = (ulong)DatasetFile.Length(digits),
            HeartbeatIntervalMs = (uint)RunSession.HeartbeatInterval.TotalMilliseconds,
            SilenceLimitMs = (uint)RunSession.SilenceLimit.TotalMilliseconds,
        };
        RunSession session = RunSession.Open(welcome, shape, digits, fingerprint: null, new HashSet<string>(), TimeProvider.System);
        return new PieceByPieceCoordinator(
            session, await WorkerServer.StartAsync(new EntranceAddress(new IPEndPoint(IPAddress.Loopback, 0)), session, new AccessLog(_ => { })));
    }

    /// <summary>Weights to be sent; other ones for each number.</summary>
    public static Parameters WeightsOf(ulong number) => ParameterInitializers.Create("gaussian", shape, number);

    /// <summary>A step's weights as messages of so many numbers at most.</summary>
    public static IReadOnlyList<TensorPart[]> Pieces(Parameters weights, int numbersAtMost)
    {
        List<TensorPart[]> pieces = [];
        for (int layer = 0; layer < weights.Layers.Count; layer++)
        {
            ReadOnlyMemory<float> numbers = weights.Layers[layer].Numbers;
            for (int offset = 0; offset < numbers.Length; offset += numbersAtMost)
                pieces.Add([new TensorPart(layer, offset, numbers.Slice(offset, Math.Min(numbersAtMost, numbers.Length - offset)))]);
        }

        return pieces;
    }

    /// <summary>What one process alone computes of a step.</summary>
    public static GradientSum SumOf(long step, Parameters weights)
    {
        using var team = new ThreadTeam(1);
        var computing = new NodeBackpropagation(NetworkModel.Create(shape, "sigmoid", "cross-entropy"), MiniBatch, team);
        int[] order = EpochOrder.Create(Seed, 0, digits.Training.Count, shuffle: true);
        var sums = new NodeValueCollector(shape);
        var root = new ShardNode(0, Shards);
        computing.Train(
            digits.Training, order.AsSpan((int)step * MiniBatch, MiniBatch), weights, [root], Shards, MiniBatch, IParameterGate.Open, sums);
        return sums.Values[root];
    }

    /// <summary>Waits until the next worker, or the next life of one, can compute.</summary>
    public async Task<WorkerConnection> ReadyAsync() => (await NextAsync<SchedulerEvent.WorkerReady>()).Worker!;

    /// <summary>Gives it the mini-batch, before any of the weights.</summary>
    public static void Assign(WorkerConnection worker, long step)
    {
        worker.AssignAhead(new Work(WorkKind.Training, 0, step, Shards, MiniBatch), [new ShardNode(0, Shards)], []);
        worker.Ring();
    }

    /// <summary>Waits for the mini-batch's value.</summary>
    public async Task<GradientSum> SumAsync() => (await NextAsync<SchedulerEvent.NodeValueReceived>()).Sum!;

    /// <summary>Waits for the mini-batch's value.</summary>
    /// <returns>What its worker says of it.</returns>
    public async Task<NodeHeader> HeaderAsync() => (await NextAsync<SchedulerEvent.NodeValueReceived>()).Header!;

    public async ValueTask DisposeAsync()
    {
        await ticking.DisposeAsync();
        session.Workers.EndRun(new RunEnded { Status = "completed", Reason = "the test is over" });
        await server.DisposeAsync();
    }

    private async Task<RunEvent> NextAsync<T>()
        where T : SchedulerEvent
    {
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        while (true)
        {
            RunEvent happened = await happenings.Reader.ReadAsync(limit.Token);
            if (happened.Event is T)
                return happened;
        }
    }
}
