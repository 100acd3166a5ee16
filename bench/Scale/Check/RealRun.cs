using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Backprop.Scale.Simulation;

namespace Backprop.Scale.Check;

/// <summary>Where a mean step's time went.</summary>
/// <param name="ComputingSeconds">Of the step, the slowest worker's computing.</param>
/// <param name="UpdatingSeconds">Of the step, the coordinator's adding and updating.</param>
internal sealed record StepParts(double Seconds, double ComputingSeconds, double UpdatingSeconds);

/// <summary>What a real run said of its steps, and its network.</summary>
/// <param name="ExamplesPerSecond">Over the last epoch: start-up, evaluation and the first steps are left out.</param>
/// <param name="Parts">Of all steps; null where the run was too short to say.</param>
/// <param name="EpochExamples">Of an epoch.</param>
/// <param name="SentPerStep">Bytes that left the coordinator over its link, in the last epoch.</param>
/// <param name="ReceivedPerStep">Bytes that came to it.</param>
internal sealed record RealRun(double ExamplesPerSecond, StepParts? Parts, int EpochExamples, double SentPerStep, double ReceivedPerStep)
{
    private const string Verdict = @"a step took ([0-9.]+) ms: (\d+) % computing, (\d+) % adding and updating";

    private static readonly TimeSpan limit = TimeSpan.FromMinutes(5);

    /// <summary>Trains with workers on machines of their own, over TLS, tensors by gRPC.</summary>
    /// <param name="directory">Keys, the workers' data and the run's files.</param>
    /// <param name="milliseconds">By which everything between two machines is delayed, one way.</param>
    /// <param name="epochs">At least two; all workers have to have joined before the last.</param>
    public static async Task<RealRun> MeasureAsync(
        SharedLink network, string directory, Contest contest, string dataset, double milliseconds, Topology topology, int epochs,
        CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(limit);
        string run = Path.Combine(directory, $"run-{Guid.NewGuid():N}");
        string activations = string.Concat(Enumerable.Repeat("relu,", contest.Shape.LayerCount - 1)) + "softmax";
        await using var machines = new RunMachines(network, directory, milliseconds, deadline.Token);
        RunProcess coordinator = machines.Start("Coordinator", 0,
        [
            "train", "--dataset", dataset, "--layers", contest.Shape.ToString(), "--activations", activations, "--cost", "log-likelihood",
            "--learning-rate", "0.1", "--mini-batch", Text(contest.MiniBatch), "--epochs", Text(epochs), "--workers", "0",
            "--min-workers", Text(topology.Places.Count(place => place.Parent == Topology.Coordinator)), "--straggler-timeout", "off",
            "--listen", "0.0.0.0:0", "--dashboard", "off", "--json", "--run-dir", run, "--token-file", RunKeys.Token(directory),
            "--cert-file", RunKeys.Certificate(directory), "--key-file", RunKeys.PrivateKey(directory),
        ]);
        await machines.JoinAsync(topology, (await coordinator.FindAsync(@"more may join at https://[^:]+:(\d+)", deadline.Token)).Groups[1].Value);
        if (coordinator.HasSaid(EndOf(epochs - 2)))
            throw new ScaleException($"The workers of a {topology.Name} took longer to join than {epochs - 1} epochs of {contest}.");

        await coordinator.FindAsync(EndOf(epochs - 2), deadline.Token);
        LinkBytes before = await network.CoordinatorBytesAsync();
        string said = await coordinator.EndAsync(deadline.Token);
        LinkBytes after = await network.CoordinatorBytesAsync();
        (double rate, double steps) = LastEpochOf(run);
        int examples = int.Parse(Regex.Match(said, @"""training_examples"": (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
        return new RealRun(rate, PartsOf(said), examples, (after.Sent - before.Sent) / steps, (after.Received - before.Received) / steps);
    }

    private static string EndOf(int epoch) => $"^Epoch {epoch}: ";

    private static (double Rate, double Steps) LastEpochOf(string run)
    {
        JsonElement[] epochs = [.. File.ReadLines(Path.Combine(run, "metrics.jsonl")).TakeLast(2).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
        double StepsAt(int epoch) => epochs[epoch].GetProperty("step").GetDouble();
        return (epochs[1].GetProperty("examples_per_second").GetDouble(), StepsAt(1) - StepsAt(0));
    }

    private static StepParts? PartsOf(string said)
    {
        Match verdict = Regex.Match(said, Verdict);
        if (!verdict.Success)
            return null;
        double Number(int group) => double.Parse(verdict.Groups[group].Value, CultureInfo.InvariantCulture);
        double step = Number(1) / 1e3;
        return new StepParts(step, step * Number(2) / 100, step * Number(3) / 100);
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
