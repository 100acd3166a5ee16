using Backprop.Coordinator.Commands;
using Backprop.Coordinator.Progress;
using Backprop.Core;
using Backprop.Core.Model;
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
        recorder.Rehearse();
        recorder.Enter(RunPhase.Training);
        try
        {
            Parameters final = trainer.Run(setup.Start, setup.Plan, recorder, stop);
            return await recorder.EndAsync("completed", null, final, NoWorkers, nodesReassigned: 0);
        }
        catch (OperationCanceledException)
        {
            return await recorder.EndAsync("interrupted", null, null, NoWorkers, nodesReassigned: 0);
        }
        catch (UserErrorException error)
        {
            return await recorder.EndAsync("failed", error.Message, null, NoWorkers, nodesReassigned: 0);
        }
    }
}
