using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Backprop.Scale.Check;

/// <summary>Where a mean step's time went.</summary>
/// <param name="ComputingSeconds">Of the step, the slowest worker's computing.</param>
/// <param name="UpdatingSeconds">Of the step, the coordinator's adding and updating.</param>
internal sealed record StepParts(double Seconds, double ComputingSeconds, double UpdatingSeconds);

/// <summary>What a real run said of its steps.</summary>
/// <param name="ExamplesPerSecond">Over training time: start-up and evaluation are left out.</param>
/// <param name="Parts">Null where the run was too short to say.</param>
internal sealed record RealRun(double ExamplesPerSecond, StepParts? Parts)
{
    private const string Verdict = @"a step took ([0-9.]+) ms: (\d+) % computing, (\d+) % adding and updating";

    private static readonly TimeSpan limit = TimeSpan.FromMinutes(5);

    /// <summary>Trains with workers on machines of their own, over TLS, tensors by gRPC.</summary>
    /// <param name="directory">Keys, the workers' data and the run's files.</param>
    /// <param name="milliseconds">By which everything between a worker and the coordinator is delayed, one way.</param>
    public static async Task<RealRun> MeasureAsync(
        SharedLink network, string directory, Contest contest, string dataset, double milliseconds, int workers, int epochs,
        CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(limit);
        string run = Path.Combine(directory, $"run-{Guid.NewGuid():N}");
        string activations = string.Concat(Enumerable.Repeat("relu,", contest.Shape.LayerCount - 1)) + "softmax";
        var processes = new List<RunProcess>();
        try
        {
            RunProcess coordinator = RunProcess.Start("Coordinator", network.On(0),
            [
                "train", "--dataset", dataset, "--layers", contest.Shape.ToString(), "--activations", activations, "--cost", "log-likelihood",
                "--learning-rate", "0.1", "--mini-batch", Text(contest.MiniBatch), "--epochs", Text(epochs), "--workers", "0", "--min-workers", Text(workers),
                "--straggler-timeout", "off", "--listen", "0.0.0.0:0", "--dashboard", "off", "--json", "--run-dir", run,
                "--cert-file", In(directory, "server.pem"), "--key-file", In(directory, "server.key"), "--token-file", In(directory, "token.txt"),
            ]);
            processes.Add(coordinator);
            string port = (await coordinator.FindAsync(@"more may join at https://[^:]+:(\d+)", deadline.Token)).Groups[1].Value;
            for (int worker = 1; worker <= workers; worker++)
            {
                string address = $"{SharedLink.CoordinatorAddress}:{port}";
                if (milliseconds > 0)
                {
                    RunProcess delay = RunProcess.Start("Scale", network.On(worker), [DelayLine.Command, address, Text(milliseconds)]);
                    processes.Add(delay);
                    await delay.FindAsync(DelayLine.Ready, deadline.Token);
                    address = DelayLine.Address;
                }

                processes.Add(RunProcess.Start("Worker", network.On(worker),
                [
                    "--coordinator", $"https://{address}", "--name", $"worker-{worker}", "--threads", "1", "--transport", "grpc",
                    "--ca-file", In(directory, "ca.pem"), "--token-file", In(directory, "token.txt"), "--data-dir", Path.Combine(directory, "data"),
                ]));
            }

            return Read(await coordinator.EndAsync(deadline.Token));
        }
        finally
        {
            foreach (RunProcess process in processes)
                await process.DisposeAsync();
        }
    }

    /// <summary>Makes the keys that a run over the network needs.</summary>
    public static Task MakeKeysAsync(string directory) =>
        Command.RunAsync([.. RunProcess.CommandOf("Coordinator"), "certificates", Keys(directory), SharedLink.CoordinatorAddress, IPAddress.Loopback.ToString()]);

    private static RealRun Read(string said)
    {
        Match verdict = Regex.Match(said, Verdict);
        Match rate = Regex.Match(said, @"""examples_per_second"":\s*([0-9.eE+]+)");
        if (!rate.Success)
            throw new ScaleException($"A run did not say how fast it was: {said}");
        double step = verdict.Success ? Number(verdict.Groups[1].Value) / 1e3 : 0;
        return new RealRun(Number(rate.Groups[1].Value), verdict.Success
            ? new StepParts(step, step * Number(verdict.Groups[2].Value) / 100, step * Number(verdict.Groups[3].Value) / 100)
            : null);
    }

    private static string Keys(string directory) => Path.Combine(directory, "keys");

    private static string In(string directory, string file) => Path.Combine(Keys(directory), file);

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
