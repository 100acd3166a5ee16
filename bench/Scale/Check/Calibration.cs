using Backprop.Scale.Simulation;

namespace Backprop.Scale.Check;

/// <summary>What real runs over wide links say of this machine: nothing of it comes from the runs that are predicted.</summary>
/// <param name="Pace">Of a worker that has a core to itself.</param>
/// <param name="Cores">How many cores' work two workers get done that compute at once.</param>
internal sealed record Calibration(WorkerPace Pace, double Cores, Costs Costs)
{
    /// <param name="one">Of a run with one worker over a wide link.</param>
    /// <param name="two">The same with two.</param>
    public static Calibration Of(Contest contest, StepParts one, StepParts two, Costs assumed)
    {
        double numbers = contest.Shape.ParameterCount;

        // Half the examples each: as long as half of what one takes for all, if both have a core to themselves.
        double cores = Math.Clamp(2 * (one.ComputingSeconds / 2) / two.ComputingSeconds, 1, 2);

        // What one worker's step takes beside computing and updating is the way of the tensors, there and back.
        double carrying = one.Seconds - one.ComputingSeconds - one.UpdatingSeconds - (2 * assumed.MessageSeconds);
        return new Calibration(
            new WorkerPace(contest.Shape, [(contest.MiniBatch, one.ComputingSeconds)]),
            cores,
            assumed with
            {
                UpdateSeconds = one.UpdatingSeconds,
                AddSecondsPerNumber = Math.Max(0, two.UpdatingSeconds - one.UpdatingSeconds) / numbers,
                ConnectionBytesPerSecond = 2 * 4 * numbers / Math.Max(carrying, 1e-6),
                CarryingThreads = Environment.ProcessorCount,
            });
    }
}
