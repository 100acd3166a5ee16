using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Backprop.Bench;

namespace Backprop.Peers;

/// <summary>A program with its way of running.</summary>
internal sealed record Competitor(string Name, Func<Competitors, double> Measure);

/// <summary>The programs that are measured, each as whole processes; each says examples a second of training time.</summary>
internal sealed class Competitors(string python, RunLength length)
{
    private static readonly TimeSpan deadline = TimeSpan.FromMinutes(20);

    public const string Cluster = "Backprop, 2 workers of 1 thread";
    public const string OneWorker = "Backprop, 1 worker of 1 thread";
    public const string TwoThreads = "Backprop, 1 worker of 2 threads";
    public const string Alone = "Backprop, --in-process, 1 thread";
    public const string TwoAtOnce = "Backprop, two runs --in-process of 1 thread at once, both together";
    public const string Ddp = "PyTorch DDP, 2 processes of 1 thread";
    public const string Torch = "PyTorch, 1 process of 1 thread";
    public const string NumPyExamples = "NumPy, an example at a time";
    public const string NumPyMatrices = "NumPy, matrices";

    /// <summary>Whoever is to be measured there; the others' rates are told as shares of the second one's.</summary>
    public static IReadOnlyList<Competitor> In(Contest contest)
    {
        var cluster = new Competitor(Cluster, all => all.WithWorkers(contest, workers: 2, threads: 1));
        var alone = new Competitor(Alone, all => all.InProcess(contest));
        if (contest.IsTextbooks)
        {
            return
            [
                cluster,
                new Competitor(NumPyExamples, all => all.NumPy(contest, "example")),
                alone,
                new Competitor(NumPyMatrices, all => all.NumPy(contest, "matrix")),
            ];
        }

        Competitor[] others =
        [
            new(OneWorker, all => all.WithWorkers(contest, workers: 1, threads: 1)),
            new(TwoThreads, all => all.WithWorkers(contest, workers: 1, threads: 2)),
            new(TwoAtOnce, all => all.AloneTwice(contest)),
        ];
        return
        [
            cluster,
            new Competitor(Ddp, all => all.TorchWith(contest, processes: 2)),
            .. contest.IsWorthWorkers ? others : [],
            alone,
            new Competitor(Torch, all => all.TorchWith(contest, processes: 1)),
        ];
    }

    private double WithWorkers(Contest contest, int workers, int threads) =>
        Ours(contest, "--workers", Text(workers), "--threads", Text(threads), "--listen", "127.0.0.1:0");

    private double InProcess(Contest contest) => Ours(contest, "--in-process", "--threads", "1");

    /// <summary>What two cores make of work that waits for nothing: times one such run, it says how much of a second core the machine gives.</summary>
    private double AloneTwice(Contest contest) =>
        Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => InProcess(contest)))).GetAwaiter().GetResult().Sum();

    /// <summary>As a user runs it: evaluation, checkpoints and the page stay on.</summary>
    private double Ours(Contest contest, params string[] how)
    {
        string runDirectory = Directory.CreateTempSubdirectory("backprop-peers-").FullName;
        try
        {
            return RateOf(Run("dotnet",
            [
                BuiltProgram.PathOf("Coordinator"), "train", "--dataset", "fashion-mnist", "--layers", contest.Layers, "--activations",
                contest.Activations, "--cost", "log-likelihood", "--learning-rate", "0.1", "--mini-batch",
                Text(contest.MiniBatch), "--epochs", Text(length.EpochsOf(contest)), "--dashboard", "127.0.0.1:0", "--json", "--run-dir",
                Path.Combine(runDirectory, "run"), .. how,
            ]));
        }
        finally
        {
            Directory.Delete(runDirectory, recursive: true);
        }
    }

    private double NumPy(Contest contest, string form) => RateOf(Run(python,
    [
        Path.Combine(AppContext.BaseDirectory, "numpy_train.py"), "--layers", contest.Layers, "--mini-batch",
        Text(contest.MiniBatch), "--steps", Text((length with { Epochs = 1 }).StepsOf(contest)), "--form", form,
    ]));

    private double TorchWith(Contest contest, int processes) => RateOf(Run(python,
    [
        Path.Combine(AppContext.BaseDirectory, "ddp_train.py"), "--layers", contest.Layers, "--mini-batch",
        Text(contest.MiniBatch), "--steps", Text(length.StepsOf(contest)), "--processes", Text(processes),
    ]));

    private static double RateOf(string output)
    {
        using JsonDocument json = JsonDocument.Parse(output);
        return json.RootElement.GetProperty("examples_per_second").GetDouble();
    }

    private static string Run(string file, string[] arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = start.Environment["OPENBLAS_NUM_THREADS"] = "1";
        using Process process = Process.Start(start) ?? throw new PeerException($"{file} cannot be started.");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(deadline))
        {
            process.Kill(entireProcessTree: true);
            throw new PeerException($"{file} {string.Join(' ', arguments)} did not end within {deadline}.");
        }

        return process.ExitCode == 0
            ? output.Result
            : throw new PeerException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}: {LastLine(errors.Result)}"
                + (file == "dotnet" ? "" : " (on Debian: apt-get install python3-torch python3-numpy dataset-fashion-mnist)"));
    }

    private static string LastLine(string text) => text.TrimEnd().Split('\n')[^1];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
