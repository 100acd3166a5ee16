using Backprop.Bench;
using Backprop.Core.LinearAlgebra;
using Backprop.Kernels;
using Backprop.Scale.Simulation;

namespace Backprop.Scale.Measuring;

/// <summary>What a worker of one thread takes for its examples, measured in this process.</summary>
internal static class MeasuredPace
{
    private const double BurstSeconds = 0.02;
    private const int Repeats = 9;
    private const int ExamplesAtMost = 2048;
    private const int Factor = 4;

    public static WorkerPace Of(Contest contest)
    {
        using var team = new ThreadTeam(1);
        var points = new List<(double, double)>();
        int most = Math.Min(contest.MiniBatch, ExamplesAtMost);
        for (int examples = 2; ; examples = Math.Min(examples * Factor, most))
        {
            var step = new StepCase(contest.Shape.ToString(), examples, 1, team);
            int repetitions = Bursts.Repetitions(step.Run, BurstSeconds);
            double[] seconds = [.. Enumerable.Range(0, Repeats).Select(_ => Bursts.Seconds(step.Run, repetitions) / repetitions)];
            points.Add((examples, ReportText.Median(seconds)));
            if (examples >= most)
                return new WorkerPace(contest.Shape, points);
        }
    }
}
