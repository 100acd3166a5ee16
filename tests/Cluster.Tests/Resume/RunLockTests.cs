using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Resume;

/// <summary>Two coordinators and one run directory: the second is refused, until the first is gone, however it went.</summary>
public sealed class RunLockTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Coordinator_DirectoryInUse_NamesTheHolderAndTakesItAfterAKill()
    {
        await using CoordinatorProcess first = CoordinatorProcess.Start(directory, "--epochs 2 --workers 0");
        await first.AddressAsync();
        string expected = $"run directory {first.RunDirectory} is locked by process {first.Program.Id}";
        await Refusal.ExpectAsync(BuiltProgram.Coordinator, $"resume {first.RunDirectory} --in-process", expected, directory);
        await Refusal.ExpectAsync(BuiltProgram.Coordinator, $"train --run-dir {first.RunDirectory} --in-process", expected, directory);

        // Not waited for: the kernel gives a killed process's lock back a moment later.
        first.Program.Kill();
        RunVerdict resumed = await CoordinatorProcess.ResumedAsync(directory, "--in-process");
        Assert.Equal(
            (await CoordinatorProcess.CompleteAsync(directory, "--epochs 2 --in-process", "whole")).WeightsSha256, resumed.WeightsSha256);
        Assert.False(File.Exists(Path.Combine(first.RunDirectory, ".lock-owner")));
    }

    [Fact]
    public async Task Coordinator_DirectoryOfAnEndedRun_IsNotEmpty()
    {
        await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process");
        await Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "--in-process --run-dir run", "run directory run is not empty; --run-dir takes one that is new or empty, and resume goes on with a run", directory);
    }
}
