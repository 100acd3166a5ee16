using Backprop.Coordinator.Progress;
using Backprop.Scheduling;
using Microsoft.Extensions.Time.Testing;

namespace Backprop.Cluster.Tests.Reports;

public sealed class StepTimesTests
{
    private static readonly WorkerId first = new(1);
    private static readonly WorkerId second = new(2);

    private readonly FakeTimeProvider time = new();
    private readonly StepTimes times;

    public StepTimesTests() => times = new StepTimes(time);

    [Fact]
    public void Verdict_MostOfTheTimeIsComputing_MoreWorkersHelp()
    {
        Play(steps: 20, computed: 8, update: 1, rest: 1);
        Assert.Equal(
            "a step took 10.00 ms: 80 % computing, 10 % adding and updating, 10 % messages and waiting; computation-bound: more workers or threads would help",
            times.Verdict(64));
    }

    [Fact]
    public void Verdict_AllCoresAreAtWork_OtherMachinesHelp()
    {
        Play(steps: 20, computed: 8, update: 1, rest: 1);
        Assert.EndsWith("computation-bound: all 2 cores of this machine are at work; workers on other machines would help", times.Verdict(64, busyCores: 2), StringComparison.Ordinal);
    }

    /// <summary>The only worker is lost in each step, and for a minute there is none.</summary>
    [Fact]
    public void Verdict_RunWaitsForWorkers_ThatIsNoStepsTime()
    {
        for (int step = 0; step < 20; step++)
        {
            times.Assigned();
            time.Advance(TimeSpan.FromMilliseconds(5));
            times.Answered(first, TimeSpan.FromMilliseconds(4), 16);
            times.WaitsForWorkers();
            time.Advance(TimeSpan.FromMinutes(1));
            times.Assigned();
            time.Advance(TimeSpan.FromMilliseconds(10));
            times.Answered(second, TimeSpan.FromMilliseconds(6), 16);
            times.Committed(TimeSpan.Zero);
        }

        Assert.StartsWith("a step took 10.00 ms: 60 % computing, 0 % adding and updating, 40 % messages", times.Verdict(32), StringComparison.Ordinal);
    }

    /// <summary>32 examples take 2 ms, so the other 8 ms are those of 128 examples.</summary>
    [Fact]
    public void Verdict_MostOfTheTimeIsMessages_NamesTheBreakEven()
    {
        Play(steps: 20, computed: 2, update: 1, rest: 7);
        Assert.Equal(
            "a step took 10.00 ms: 20 % computing, 10 % adding and updating, 70 % messages and waiting; communication-bound: "
            + "mini-batch 64 gives a worker 32 examples, below the break-even of about 128 here; try a larger mini-batch or fewer workers",
            times.Verdict(64));
    }

    [Fact]
    public void Verdict_TheUpdateTakesLongest_SaysSo()
    {
        Play(steps: 20, computed: 3, update: 5, rest: 2);
        Assert.EndsWith("50 % adding and updating, 20 % messages and waiting; bound by the coordinator's update: a larger mini-batch would help", times.Verdict(64), StringComparison.Ordinal);
    }

    /// <summary>Both workers compute at once: the step waits for the slower one.</summary>
    [Fact]
    public void Verdict_TwoWorkers_TheSlowerOneCounts()
    {
        for (int step = 0; step < 20; step++)
        {
            times.Assigned();
            times.Assigned();
            time.Advance(TimeSpan.FromMilliseconds(10));
            times.Answered(first, TimeSpan.FromMilliseconds(4), 16);
            times.Answered(second, TimeSpan.FromMilliseconds(5), 16);
            times.Answered(second, TimeSpan.FromMilliseconds(6), 16);
            times.Committed(TimeSpan.Zero);
        }

        Assert.StartsWith("a step took 10.00 ms: 60 % computing, ", times.Verdict(48), StringComparison.Ordinal);
    }

    [Fact]
    public void Verdict_FewSteps_SaysNothing()
    {
        Play(steps: 19, computed: 8, update: 1, rest: 1);
        Assert.Null(times.Verdict(64));
    }

    [Fact]
    public void Verdict_WorkersDoNotSayWhatTheyTook_SaysNothing()
    {
        Play(steps: 100, computed: 0, update: 1, rest: 1);
        Assert.Null(times.Verdict(64));
    }

    private void Play(int steps, double computed, double update, double rest)
    {
        for (int step = 0; step < steps; step++)
        {
            times.Assigned();
            time.Advance(TimeSpan.FromMilliseconds(computed + rest));
            times.Answered(first, TimeSpan.FromMilliseconds(computed), 32);
            time.Advance(TimeSpan.FromMilliseconds(update));
            times.Committed(TimeSpan.FromMilliseconds(update));

            // Between two steps there may be an evaluation: it is no step's time.
            time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
