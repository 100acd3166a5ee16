using System.Globalization;
using Backprop.Scheduling;

namespace Backprop.Coordinator.Progress;

/// <summary>
/// Where the time of training steps went: the workers' computing, as the slowest of each step tells it, the coordinator's
/// adding and updating, and the rest, which is messages, tensors on their way, and waiting.
/// </summary>
internal sealed class StepTimes(TimeProvider time)
{
    /// <summary>Below it nothing is said: what happens once counts too much.</summary>
    private const int StepsAtLeast = 20;

    private readonly Dictionary<WorkerId, (TimeSpan Computed, int Examples)> answers = [];
    private long begin;
    private bool isOpen;
    private long steps;
    private long examples;
    private TimeSpan all;
    private TimeSpan computing;
    private TimeSpan updating;

    /// <summary>A worker is given nodes of a step.</summary>
    public void Assigned()
    {
        if (isOpen)
            return;
        isOpen = true;
        begin = time.GetTimestamp();
    }

    /// <summary>Nobody is there to compute: the step's time counts from when somebody is given nodes again.</summary>
    public void WaitsForWorkers()
    {
        answers.Clear();
        isOpen = false;
    }

    /// <param name="computed">How long the worker was at its nodes of the step so far; zero where it does not say.</param>
    /// <param name="exampleCount">The answered node's examples.</param>
    public void Answered(WorkerId worker, TimeSpan computed, int exampleCount)
    {
        (TimeSpan before, int count) = answers.GetValueOrDefault(worker);
        answers[worker] = (computed > before ? computed : before, count + exampleCount);
    }

    /// <param name="update">What adding and updating took.</param>
    public void Committed(TimeSpan update)
    {
        (TimeSpan Computed, int Examples) slowest = default;
        foreach ((TimeSpan Computed, int Examples) answer in answers.Values)
            slowest = answer.Computed > slowest.Computed ? answer : slowest;
        answers.Clear();
        isOpen = false;
        if (slowest.Computed == TimeSpan.Zero)
            return;
        steps++;
        all += time.GetElapsedTime(begin);
        computing += slowest.Computed;
        examples += slowest.Examples;
        updating += update;
    }

    /// <param name="further">What the layers took that were updated after others had been given the step's first one.</param>
    public void Updated(TimeSpan further)
    {
        if (steps > 0)
            updating += further;
    }

    /// <summary>In one line: where the time went, and what would help.</summary>
    /// <param name="busyCores">Cores of this machine where all of them are at work and no other machine's are; else null.</param>
    /// <returns>Null where too little is known.</returns>
    public string? Verdict(int miniBatch, int? busyCores = null)
    {
        if (steps < StepsAtLeast || all == TimeSpan.Zero)
            return null;
        double computed = Math.Min(1, computing / all);
        double updated = Math.Min(1 - computed, updating / all);
        double rest = 1 - computed - updated;
        string shares = Text($"a step took {Milliseconds(all / steps)}: {computed:P0} computing, {updated:P0} adding and updating, {rest:P0} messages and waiting");
        if (computed >= 0.5)
        {
            return busyCores is { } cores
                ? Text($"{shares}; computation-bound: all {cores} cores of this machine are at work; workers on other machines would help")
                : $"{shares}; computation-bound: more workers or threads would help";
        }

        if (updated >= rest)
            return $"{shares}; bound by the coordinator's update: a larger mini-batch would help";

        // As many examples take a worker as long as everything else of a step takes.
        double breakEven = (all - computing) / steps / (computing / examples);
        return Text(
            $"{shares}; communication-bound: mini-batch {miniBatch} gives a worker {examples / steps:0} examples, below the break-even of about {breakEven:0} here; try a larger mini-batch or fewer workers");
    }

    private static string Milliseconds(TimeSpan span) => Text($"{span.TotalMilliseconds:0.00} ms");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
