using Backprop.Coordinator.Commands;
using Backprop.Coordinator.Progress;
using Backprop.Core;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Training;

namespace Backprop.Coordinator;

/// <summary>Trains in this very process, without workers: the reference, and the fastest way for tiny mini-batches.</summary>
internal static class InProcessRun
{
    private static readonly WorkersSummary NoWorkers = new(0, 0, 0);

    public static Task<RunSummary> RunAsync(
        TrainOptions options, RunSetup setup, RunRecorder recorder, TimeProvider time, CancellationToken stop) =>
        Task.Factory.StartNew(
            () => TrainAsync(options, setup, recorder, time, stop), CancellationToken.None,
            TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    private static async Task<RunSummary> TrainAsync(
        TrainOptions options, RunSetup setup, RunRecorder recorder, TimeProvider time, CancellationToken stop)
    {
        using var trainer = new LocalTrainer(setup.Dataset, setup.Configuration, setup.Model, options.Threads, time);
        var latest = new LatestParameters(recorder, setup.InitialParameters);
        recorder.Enter(RunPhase.Training);
        try
        {
            Parameters parameters = trainer.Run(setup.InitialParameters, setup.Plan, latest, stop);
            return await recorder.EndAsync("completed", null, parameters, NoWorkers, nodesReassigned: 0);
        }
        catch (OperationCanceledException)
        {
            return await recorder.EndAsync("interrupted", null, latest.Parameters, NoWorkers, nodesReassigned: 0);
        }
        catch (UserErrorException error)
        {
            return await recorder.EndAsync("failed", error.Message, latest.Parameters, NoWorkers, nodesReassigned: 0);
        }
    }

    /// <summary>Keeps the weights of the last checkpoint: all that is left of a run that ends before its time.</summary>
    private sealed class LatestParameters(RunRecorder recorder, Parameters initial) : ITrainingObserver
    {
        public Parameters Parameters { get; private set; } = initial;

        public void StepCommitted(long step, NodeTotals totals) => recorder.StepCommitted(step, totals);

        public void EpochEvaluated(EpochResult result) => recorder.EpochEvaluated(result);

        public void CheckpointDue(long nextStep, Parameters parameters, OptimizerState state, NodeTotals epochTotals)
        {
            var copy = new Parameters(parameters.Shape);
            parameters.CopyTo(copy);
            Parameters = copy;
            recorder.CheckpointDue(nextStep, parameters, state, epochTotals);
        }
    }
}
