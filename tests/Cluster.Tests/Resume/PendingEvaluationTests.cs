using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Core.Formats;
using Backprop.Protos;

namespace Backprop.Cluster.Tests.Resume;

/// <summary>A run that is stopped between an epoch's last step and its evaluation, when there is nobody to do that.</summary>
public sealed class PendingEvaluationTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(2, "--in-process")]
    [InlineData(2, "--workers 2")]
    [InlineData(1, "--in-process")]
    [InlineData(1, "--workers 1")]
    public async Task Resume_EvaluationStillToCome_IsDoneFirst(int epochs, string how)
    {
        string what = $"--epochs {epochs} --checkpoint-every 1000 ";
        await using CoordinatorProcess whole = CoordinatorProcess.Start(directory, what + "--in-process", "whole");
        RunVerdict expected = await whole.CompletedAsync();
        await using CoordinatorProcess first = CoordinatorProcess.Start(directory, what + "--workers 0");
        await LeaveAtEvaluationAsync((await first.AddressAsync()).TrimEnd('/'));
        await first.Program.LineAsync("^worker leaving lost at ");
        ProgramProcess.Signal(first.Program.Id, "TERM");
        Assert.Equal(143, await first.Program.ExitAsync());
        Checkpoint checkpoint = CheckpointFile.Read(Assert.Single(first.Checkpoints()));
        Assert.Equal((150, 1500), (checkpoint.NextStep, checkpoint.EpochTotals.ExampleCount));
        await first.Program.LineAsync("^next: .+ -- resume .+ --workers 0 ");

        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, how);
        RunVerdict verdict = await resumed.CompletedAsync();

        Assert.Equal((expected.WeightsSha256, expected.Steps, expected.Examples), (verdict.WeightsSha256, verdict.Steps, verdict.Examples));
        Assert.Equal(Lines(whole), Lines(resumed));
        Assert.Equal(default, CheckpointFile.Read(resumed.Checkpoints().Max()!).EpochTotals);
    }

    private static async Task LeaveAtEvaluationAsync(string address)
    {
        var evaluation = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using PlainWorker worker = await PlainWorker.JoinAsync(address, "leaving");
        Task training = worker.TrainAsync(beforeAnswer: assignment =>
        {
            if (assignment.Kind == WorkKind.Training)
                return Task.CompletedTask;
            evaluation.TrySetResult();
            return Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
        });
        await (await Task.WhenAny(training, evaluation.Task).WaitAsync(ProgramProcess.Deadline));
        Assert.True(evaluation.Task.IsCompleted);
    }

    private static IEnumerable<string> Lines(CoordinatorProcess run) =>
        File.ReadLines(Path.Combine(run.RunDirectory, "metrics.jsonl"))
            .Select(line => line[..line.IndexOf(",\"examples_per_second\"", StringComparison.Ordinal)]);
}
