using Backprop.Core.LinearAlgebra;
using Backprop.Core.Tests.Model;

namespace Backprop.Core.Tests.LinearAlgebra;

public sealed class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_ManyTimes_ExecutesEveryPartOnce(int threadCount)
    {
        using var team = new ThreadTeam(threadCount);
        var work = new Counting(threadCount);
        for (int run = 1; run <= 3000; run++)
        {
            team.Run(work);
            Assert.All(work.Counts, count => Assert.Equal(run, count));
        }
    }

    /// <summary>Threads that sleep are woken for a run, and at the end.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_TogetherAgainAndAgain_WakesWhoSleepsAndEnds(bool isBusy)
    {
        Task runs = Task.Run(
            () =>
            {
                using var team = new ThreadTeam(2, isBusy);
                var work = new Together();
                for (int run = 0; run < 300; run++)
                    team.Run(work);
            },
            TestContext.Current.CancellationToken);
        await runs.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    /// <summary>Not even the first time it sleeps, which may be long after its first run.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_WhereEachThreadHasSlept_NoneHasAllocated(bool isBusy)
    {
        using var team = new ThreadTeam(3, isBusy);
        var allocated = new AllocatedBytes(3);
        team.Run(allocated);
        foreach (Thread member in allocated.Threads.Skip(1))
            Assert.True(SpinWait.SpinUntil(() => (member.ThreadState & ThreadState.WaitSleepJoin) != 0, TimeSpan.FromSeconds(30)));

        team.Run(allocated);

        Assert.All(allocated.Since.Skip(1), bytes => Assert.Equal(0, bytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Run_PartThrows_IsRethrownAndTheTeamWorksOn(int part)
    {
        using var team = new ThreadTeam(3);
        var error = Assert.Throws<InvalidDataException>(() => team.Run(new Throwing(part)));
        Assert.Equal($"part {part}", error.Message);
        var work = new Counting(3);
        team.Run(work);
        Assert.All(work.Counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Run_InsideARun_IsRefused()
    {
        using var team = new ThreadTeam(2);
        Assert.Throws<InvalidOperationException>(() => team.Run(new Nesting(team)));
    }

    [Fact]
    public void Run_AfterDispose_IsRefused()
    {
        var team = new ThreadTeam(2);
        team.Dispose();
        Assert.Throws<ObjectDisposedException>(() => team.Run(new Counting(2)));
    }

    [Fact]
    public void Constructor_NoThreads_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ThreadTeam(0));

    private sealed class Counting(int threadCount) : ITeamWork
    {
        public int[] Counts { get; } = new int[threadCount];

        public void Execute(int thread, int threadCount) => Interlocked.Increment(ref Counts[thread]);
    }

    private sealed class Throwing(int part) : ITeamWork
    {
        public void Execute(int thread, int threadCount)
        {
            if (thread == part)
                throw new InvalidDataException($"part {part}");
        }
    }

    private sealed class Nesting(ThreadTeam team) : ITeamWork
    {
        public void Execute(int thread, int threadCount) => team.Run(this);
    }

    /// <summary>The caller's part waits for the other's to begin, which only the other thread can do while it waits.</summary>
    private sealed class Together : ITeamWork
    {
        private int begun;
        private int awaited;

        public void Execute(int thread, int threadCount)
        {
            if (thread != 0)
            {
                Interlocked.Increment(ref begun);
                return;
            }

            // Only this thread's: it tells the runs apart.
            awaited++;
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref begun) >= awaited, TimeSpan.FromSeconds(30)));
        }
    }
}
