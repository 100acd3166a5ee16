using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Core.Formats;

namespace Backprop.Cluster.Tests.Lifecycle;

/// <summary>Numbers that run away: the run stops, says where and why, and keeps nothing that is not finite.</summary>
public sealed class DivergenceTests : IDisposable
{
    private const string What = "--epochs 2 --checkpoint-every 1 ";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    // With 1e30 the first step would saturate every sigmoid for good, with slopes of 0 and nothing infinite ever after; the
    // linear network grows for some steps.
    [Theory]
    [InlineData("--learning-rate 1e30", "1E+30")]
    [InlineData("--activations relu,softmax --cost log-likelihood --learning-rate 1e30", "1E+30")]
    [InlineData("--activations linear --learning-rate 1", "1")]
    public async Task Train_LearningRateTooLarge_StopsAlikeWithAndWithoutWorkers(string network, string told)
    {
        RunVerdict alone = await FailAsync(What + $"{network} --in-process", "alone", told);
        RunVerdict cluster = await FailAsync(What + $"{network} --workers 2", "cluster", told);

        Assert.Equal(alone.Json.GetProperty("error").GetString(), cluster.Json.GetProperty("error").GetString());
        Assert.Equal((alone.Steps, alone.Examples, alone.WeightsSha256), (cluster.Steps, cluster.Examples, cluster.WeightsSha256));
    }

    /// <summary>It fails as before; the last finite checkpoint is what it goes on from, and stays.</summary>
    [Fact]
    public async Task Resume_DivergedRun_SaysWhatItGoesOnFromAndFailsAlike()
    {
        RunVerdict first = await FailAsync(What + "--activations linear --learning-rate 1 --in-process", "run", "1");
        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, "--in-process");
        Assert.Equal(1, await resumed.Program.ExitAsync());

        RunVerdict again = resumed.Verdict();
        Assert.Equal(first.Json.GetProperty("error").GetString(), again.Json.GetProperty("error").GetString());
        Assert.Equal((first.Steps, first.Examples, first.WeightsSha256), (again.Steps, again.Examples, again.WeightsSha256));
        await resumed.Program.LineAsync($"^going on from step {resumed.Checkpoints().Max(path => CheckpointFile.Read(path).NextStep)} of 300$");
        Assert.DoesNotContain("next: ", resumed.Program.Errors, StringComparison.Ordinal);
    }

    // The rate was good; what the schedule made of it was not.
    [Fact]
    public async Task Train_ScheduleTooSteep_IsNamed()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 3 --in-process --schedule step:1:1e300");
        Assert.Equal(1, await coordinator.Program.ExitAsync());
        Assert.EndsWith(
            "try a smaller --learning-rate than 3, or another --schedule than step:1:1e300",
            coordinator.Verdict().Json.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    private async Task<RunVerdict> FailAsync(string options, string run, string rate)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, options, run);
        Assert.Equal(1, await coordinator.Program.ExitAsync());

        RunVerdict verdict = coordinator.Verdict();
        Assert.Equal("failed", verdict.Status);
        string error = verdict.Json.GetProperty("error").GetString()!;
        Assert.Matches(@"^training diverged at step \d+: ", error);
        Assert.EndsWith($"try a smaller --learning-rate than {rate}", error, StringComparison.Ordinal);

        string[] checkpoints = coordinator.Checkpoints();
        Assert.NotEmpty(checkpoints);
        Assert.All(checkpoints, path => Assert.True(CheckpointFile.Read(path).Parameters.AreFinite(), path));
        string model = Path.Combine(coordinator.RunDirectory, "model.safetensors");
        Assert.True(ModelFile.ReadParameters(model).AreFinite());
        return verdict;
    }
}
