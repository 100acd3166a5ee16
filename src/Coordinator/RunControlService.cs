using Backprop.Coordinator.Progress;
using Backprop.Core.Training;
using Backprop.Scheduling;
using Backprop.Serving;
using Backprop.Protos;
using Grpc.Core;

namespace Backprop.Coordinator;

/// <summary>Service RunControl over gRPC: looks at the run and asks it to stop.</summary>
internal sealed class RunControlService(RunSession session, TrainingPlan plan, RunRecorder recorder) : RunControlServiceBase
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    public override Task<RunStatus> GetStatus(StatusRequest request, ServerCallContext context) =>
        Task.FromResult(Status(recorder.Latest));

    public override async Task WatchStatus(
        StatusRequest request, IServerStreamWriter<RunStatus> responses, ServerCallContext context)
    {
        using var timer = new PeriodicTimer(WatchInterval, session.Time);
        do
        {
            ProgressSnapshot latest = recorder.Latest;
            await responses.WriteAsync(Status(latest), context.CancellationToken);
            if (latest.Phase == RunPhase.Ended)
                return;
        }
        while (await timer.WaitForNextTickAsync(context.CancellationToken));
    }

    public override Task<StopReply> Stop(StopRequest request, ServerCallContext context)
    {
        session.Events.Tell(new SchedulerEvent.StopRequested());
        return Task.FromResult(new StopReply());
    }

    private RunStatus Status(ProgressSnapshot snapshot)
    {
        var status = new RunStatus
        {
            RunId = session.RunId,
            Phase = snapshot.Phase switch
            {
                RunPhase.Starting => "starting",
                RunPhase.WaitingForWorkers => "waiting for workers",
                RunPhase.Training => "training",
                RunPhase.Evaluating => "evaluating",
                _ => "ended",
            },
            Epoch = (uint)snapshot.Epoch,
            Epochs = (uint)plan.Epochs,
            Step = (ulong)recorder.CommittedSteps,
            Steps = (ulong)plan.StepCount,
            RunningLoss = snapshot.RunningLoss ?? 0,
            ExamplesPerSecond = snapshot.ExamplesPerSecond,
        };
        status.Workers.AddRange(snapshot.Workers.Select(worker => new WorkerStatus
        {
            Name = worker.Name,
            Activity = worker.Activity switch
            {
                WorkerActivity.ReceivingData => "receiving data",
                WorkerActivity.Idle => "idle",
                WorkerActivity.Computing => "computing",
                _ => "lost",
            },
            Threads = (uint)worker.Threads,
            Examples = (ulong)worker.Examples,
        }));
        return status;
    }
}
