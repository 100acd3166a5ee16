using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Coordinator.Reports;
using Backprop.Core.Data;
using Backprop.Core.Formats;

namespace Backprop.Cluster.Tests.Resume;

/// <summary>
/// Kills a run's coordinator again and again, a random number of checkpoints after it began or went on, and resumes it
/// each time. Whatever has a checkpoint's name must be whole.
/// </summary>
/// <param name="what">The run's options.</param>
/// <param name="how">Options of the sitting of that number, such as its workers.</param>
internal sealed class KillLoop(TemporaryDirectory directory, string what, Func<int, string> how, RandomSource random)
{
    private const int StepsAtMost = 15;

    /// <summary>Files that were looked at.</summary>
    public int WholeFiles { get; private set; }

    /// <summary>Leftovers of writers that were killed: each is gone after the next resume.</summary>
    public int Leftovers { get; private set; }

    /// <summary>Kills so often. The run must be long enough.</summary>
    public async Task RunAsync(int kills)
    {
        for (int sitting = 0; sitting < kills; sitting++)
        {
            await using CoordinatorProcess run = sitting == 0
                ? CoordinatorProcess.Start(directory, $"{what} {how(0)}")
                : CoordinatorProcess.Resume(directory, how(sitting));
            long from = NewestStep(run);
            long target = from + 1 + random.NextInt(StepsAtMost);
            await ReachAsync(run, target);
            await run.KillAsync();
            Check(run);
        }
    }

    private static async Task ReachAsync(CoordinatorProcess run, long step)
    {
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (NewestStep(run) < step)
        {
            Assert.True(ProcessTable.IsRunning(run.Program.Id), $"It ended too early:\n{run.Program.Errors}");
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    private void Check(CoordinatorProcess run)
    {
        string checkpoints = Path.Combine(run.RunDirectory, "checkpoints");
        foreach ((string path, long step) in CheckpointFiles.NewestFirst(checkpoints))
        {
            Checkpoint checkpoint = CheckpointFile.Read(path);
            Assert.Equal(step, checkpoint.NextStep);
            WholeFiles++;
        }

        Leftovers += Directory.GetFiles(run.RunDirectory, "*.part", SearchOption.AllDirectories).Length;
    }

    private static long NewestStep(CoordinatorProcess run) =>
        CheckpointFiles.NewestFirst(Path.Combine(run.RunDirectory, "checkpoints")) is [var newest, ..] ? newest.Step : 0;
}
