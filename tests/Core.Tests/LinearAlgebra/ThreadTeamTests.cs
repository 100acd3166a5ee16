using Backprop.Core.LinearAlgebra;

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
}
