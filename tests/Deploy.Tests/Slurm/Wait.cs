using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Slurm;

/// <summary>Waits for what no event tells of: looks again and again, until a deadline.</summary>
internal static class Wait
{
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(100);

    /// <param name="what">What is waited for, as a sentence's part.</param>
    /// <param name="state">What to show where it does not come.</param>
    public static async Task UntilAsync(string what, Func<Task<bool>> isReached, Func<string> state)
    {
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        using var timer = new PeriodicTimer(pause);
        while (!await isReached())
        {
            try
            {
                await timer.WaitForNextTickAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Within {ProgramProcess.Deadline} it did not come to this: {what}.\n{state()}");
            }
        }
    }
}
