using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;

namespace Backprop.Cluster.Tests.Lifecycle;

/// <summary>Local workers that end at their start, again and again: given up with the last that they said.</summary>
public sealed class FailingWorkerTests : IDisposable
{
    /// <summary>An option of the worker alone, by a variable that it inherits; it refuses the value.</summary>
    private static readonly Dictionary<string, string> unfit = new() { ["BACKPROP_TRANSPORT"] = "pigeon" };

    private const string GivenUp =
        "local worker w[12] ended 5 times before it could take part; given up: exit code 2, its last line: BACKPROP_TRANSPORT=pigeon .*grpc";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_LocalWorkersCannotStart_FailsWithTheirLastLine()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 2", environment: unfit);

        Assert.Equal(1, await coordinator.Program.ExitAsync());
        RunVerdict verdict = coordinator.Verdict();
        Assert.Equal("failed", verdict.Status);
        Assert.Matches(GivenUp, verdict.Json.GetProperty("error").GetString()!);
        Assert.Equal((0, 0), (verdict.Joined, verdict.Lost));
        Assert.DoesNotContain("   at ", coordinator.Program.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_LocalWorkersCannotStart_GoesOnWithAnother()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 2", environment: unfit);
        await using PlainWorker other = await PlainWorker.JoinAsync(await coordinator.AddressAsync(), "other");

        Assert.Equal("completed", (await other.TrainAsync()).Status);

        await coordinator.Program.LineAsync("^" + GivenUp);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((1, 0), (verdict.Joined, verdict.Lost));
    }
}
