using Backprop.Coordinator.Commands;
using Backprop.Core.Data;
using Backprop.Protos;
using Backprop.Serving;

namespace Backprop.Coordinator;

/// <summary>What every worker is told of a run, so that it can compute any node of any step by itself.</summary>
internal static class RunWelcome
{
    public static Welcome Of(RunSetup setup, TrainOptions options, string runId) => new()
    {
        ProtocolVersion = ProtocolVersion.Current,
        RunId = runId,
        Layers = setup.Configuration.Layers,
        Activations = setup.Configuration.Activations,
        Cost = setup.Configuration.Cost,
        MiniBatch = (uint)setup.Plan.MiniBatch,
        Shards = (uint)setup.Plan.Shards,
        Shuffle = setup.Configuration.Shuffle,
        Seed = setup.Configuration.Seed,
        TrainingExamples = (uint)setup.Plan.TrainingExamples,
        TestExamples = (uint)setup.Plan.TestExamples,
        EvaluationShards = (uint)setup.Plan.EvaluationShards,
        DatasetSha256 = setup.Dataset.Sha256,
        DatasetName = setup.Dataset.Name,
        DatasetLength = (ulong)DatasetFile.Length(setup.Dataset),
        HeartbeatIntervalMs = (uint)RunSession.HeartbeatInterval.TotalMilliseconds,
        SilenceLimitMs = (uint)RunSession.SilenceLimit.TotalMilliseconds,
        Trace = options.TraceFile is not null,
        WorkerTimeoutMs = (ulong)Math.Ceiling(options.WorkerTimeout.TotalMilliseconds),
        StragglerTimeoutMs = (ulong)Math.Ceiling(options.StragglerTimeout?.TotalMilliseconds ?? 0),
        AnyArithmetic = options.AllowMixedArithmetic,
    };
}
