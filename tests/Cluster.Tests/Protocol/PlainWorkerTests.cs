using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Protos;
using Grpc.Core;
using Grpc.Net.Client;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>training.proto is enough to write a worker from: on the generated client, a whole run gives the same weights.</summary>
public sealed class PlainWorkerTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(97)]
    public async Task Train_WorkerOnGeneratedClient_SameWeights(int numbersAtMost)
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, "--epochs 2 --in-process", "one");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 2 --workers 0");
        await using PlainWorker worker = await PlainWorker.JoinAsync(await coordinator.AddressAsync(), "plain");

        RunEnded ended = await worker.TrainAsync(numbersAtMost);

        Assert.Equal("completed", ended.Status);
        Assert.Equal(StatusCode.OK, (await worker.EndAsync()).StatusCode);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Train_PlainAndBuiltWorkersTogether_SameWeights()
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, "--epochs 2 --in-process", "one");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 2 --workers 0 --min-workers 3");
        string address = await coordinator.AddressAsync();
        await using PlainWorker first = await PlainWorker.JoinAsync(address, "plain-1");
        await using PlainWorker second = await PlainWorker.JoinAsync(address, "plain-2");
        await using ProgramProcess built = CoordinatorProcess.StartWorker(directory, address.TrimEnd('/'), "built");

        RunEnded[] ended = await Task.WhenAll(first.TrainAsync(), second.TrainAsync(500));

        Assert.All(ended, end => Assert.Equal("completed", end.Status));
        Assert.Equal(one.WeightsSha256, (await coordinator.CompletedAsync()).WeightsSha256);
    }

    /// <summary>How far the first life's call gets before it breaks off in step 0.</summary>
    public enum BreakOff
    {
        BeforeTheValue,
        WithinTheValue,
        AfterTheValue,
    }

    [Theory]
    [InlineData(BreakOff.BeforeTheValue)]
    [InlineData(BreakOff.WithinTheValue)]
    [InlineData(BreakOff.AfterTheValue)]
    public async Task Train_CallBreaksOff_EveryExampleCountsOnce(BreakOff breakOff)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0 --min-workers 1");
        string address = await coordinator.AddressAsync();
        await using (PlainWorker doomed = await PlainWorker.JoinAsync(address, "doomed"))
        {
            using var computation = new PlainComputation(doomed.Run);
            await doomed.ReadyAsync();
            Assignment assignment = (await doomed.ReceiveAsync())!.Assignment;
            await computation.TakeWeightsAsync(assignment, doomed.ReceiveAsync);
            IReadOnlyList<WorkerMessage> answer = computation.Answer(assignment, 500);
            int sent = breakOff switch
            {
                BreakOff.BeforeTheValue => 0,
                BreakOff.WithinTheValue => answer.Count / 2,
                _ => answer.Count,
            };
            foreach (WorkerMessage message in answer.Take(sent))
                await doomed.SendAsync(message);

            // The next step's assignment says that the value has come.
            if (breakOff == BreakOff.AfterTheValue)
                Assert.Equal(1ul, (await doomed.ReceiveAsync())!.Assignment.Step);
        }

        string step = breakOff == BreakOff.AfterTheValue ? "1" : "0";
        await coordinator.Program.LineAsync($@"^worker doomed lost at step {step}; 1 node reassigned \(");
        await using PlainWorker next = await PlainWorker.JoinAsync(address, "doomed");
        Assert.Equal("completed", (await next.TrainAsync()).Status);

        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((150, 1500), (verdict.Steps, verdict.Examples));
        Assert.Equal((2, 1, 1), (verdict.Joined, verdict.Lost, verdict.NodesReassigned));
    }

    [Fact]
    public async Task RunControl_StatusAndStop_ShowTheRunAndEndIt()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 100000 --workers 0");
        string address = await coordinator.AddressAsync();
        using GrpcChannel channel = Channels.To(address);
        var control = new RunControl.RunControlClient(channel);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        await using PlainWorker worker = await PlainWorker.JoinAsync(address, "plain");
        Task<RunEnded> training = worker.TrainAsync();
        await coordinator.ReachStepAsync(10);

        RunStatus status = await control.GetStatusAsync(new StatusRequest(), cancellationToken: cancellation);
        Assert.Equal(worker.Run.RunId, status.RunId);
        Assert.Equal((100000u, 15000000ul), (status.Epochs, status.Steps));
        Assert.Equal("plain", Assert.Single(status.Workers).Name);
        await control.StopAsync(new StopRequest(), cancellationToken: cancellation);

        Assert.Equal("interrupted", (await training).Status);
        await coordinator.Program.ExitAsync();
        RunVerdict verdict = coordinator.Verdict();
        Assert.Equal("interrupted", verdict.Status);

        // Epochs that ended before the stop have checkpoints too.
        Assert.Contains(coordinator.Checkpoints(), path => path.EndsWith($"step-{verdict.Steps:D9}.safetensors", StringComparison.Ordinal));
    }
}
