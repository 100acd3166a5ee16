using System.Globalization;
using System.Text.RegularExpressions;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>Workers that die on the way: told, their nodes computed by others, and not a bit of the weights changed.</summary>
public sealed class LostWorkerTests : IDisposable
{
    private const string What = "--epochs 40 ";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_WorkerKilled_SameWeights()
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, What + "--in-process", "one");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, What + "--workers 0");
        string address = (await coordinator.AddressAsync()).TrimEnd('/');
        await using ProgramProcess steady = CoordinatorProcess.StartWorker(directory, address, "steady");
        await coordinator.ReachStepAsync(1);
        await using ProgramProcess doomed = CoordinatorProcess.StartWorker(directory, address, "doomed");
        Match joined = await coordinator.Program.LineAsync(@"^worker doomed joined at (?:step|the evaluation of epoch) (\d+)$");
        await coordinator.ReachStepAsync(ulong.Parse(joined.Groups[1].Value, CultureInfo.InvariantCulture) + 50);

        doomed.Kill();
        await coordinator.Program.LineAsync(@"^worker doomed lost at (step \d+|the evaluation of epoch \d+)(; \d+ nodes? reassigned)? \(.+\)$");
        RunVerdict verdict = await coordinator.CompletedAsync();

        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((one.Steps, one.Examples), (verdict.Steps, verdict.Examples));
        Assert.Equal((2, 1), (verdict.Joined, verdict.Lost));
        Assert.Equal(0, await steady.ExitAsync());
    }

    [Fact]
    public async Task Train_LocalWorkerKilled_IsStartedAgainSameWeights()
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, What + "--in-process", "one");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, What + "--workers 2");
        await coordinator.ReachStepAsync(100);
        int victim = ProcessTable.ChildrenOf(coordinator.Program.Id)[0];

        ProgramProcess.Signal(victim, "KILL");
        string name = (await coordinator.Program.LineAsync(@"^worker (w[12]) lost at ")).Groups[1].Value;
        await coordinator.Program.LineAsync($"^worker {name} joined at ");
        RunVerdict verdict = await coordinator.CompletedAsync();

        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((one.Steps, one.Examples), (verdict.Steps, verdict.Examples));
        Assert.Equal((3, 1), (verdict.Joined, verdict.Lost));
    }

    [Fact]
    public async Task Train_LastWorkerKilled_WaitsForAnother()
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, What + "--in-process", "one");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, What + "--workers 0");
        string address = (await coordinator.AddressAsync()).TrimEnd('/');
        await using ProgramProcess doomed = CoordinatorProcess.StartWorker(directory, address, "doomed");
        await coordinator.ReachStepAsync(100);

        doomed.Kill();
        await coordinator.Program.LineAsync("^worker doomed lost at ");
        await using ProgramProcess next = CoordinatorProcess.StartWorker(directory, address, "doomed");
        RunVerdict verdict = await coordinator.CompletedAsync();

        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((one.Steps, one.Examples), (verdict.Steps, verdict.Examples));
        Assert.Equal((2, 1), (verdict.Joined, verdict.Lost));
        Assert.Equal(0, await next.ExitAsync());
    }
}
