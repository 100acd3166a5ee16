using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Coordinator.Progress;
using Backprop.Coordinator.Terminal;
using Backprop.Core.Data;
using Backprop.Core.Training;

namespace Backprop.Cluster.Tests.Terminal;

/// <summary>What a person sees of a run: plain lines in a pipe, a live display on a terminal.</summary>
public sealed class TerminalTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Plain_LongEpoch_TellsProgressEveryTenSeconds()
    {
        using var output = new StringWriter();
        var reporter = new PlainReporter(output, null);
        reporter.RunStarted(Description());
        output.GetStringBuilder().Clear();

        // 2 epochs of 100 steps; at step 40, 160 are left, 60 of them in the epoch: 32 s · 60/160 = 12 s.
        foreach (int second in (int[])[1, 9, 11, 12, 20])
            reporter.Progressed(Snapshot(40, TimeSpan.FromSeconds(second), TimeSpan.FromSeconds(32)));

        Assert.Equal(
            "epoch 0, step 40 of 200  loss 0.2500  1,000 examples/s  12 s left in the epoch, 32 s in all\n",
            output.ToString().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Plain_WorkersComeIn_EachCountIsToldOnce()
    {
        using var output = new StringWriter();
        var reporter = new PlainReporter(output, null);
        foreach (int ready in (int[])[0, 0, 1, 1])
            reporter.Progressed(Snapshot(0, TimeSpan.Zero, null) with { Phase = RunPhase.WaitingForWorkers, ReadyWorkers = ready, WantedWorkers = 2 });

        Assert.Equal("waiting for workers 0/2\nwaiting for workers 1/2\n", output.ToString().ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(40)]
    public async Task Live_OnATerminal_ShowsTheRunAndGivesTheCursorBack(int columns)
    {
        int port = UnassignedPort.Find();
        await using ProgramProcess terminal = StartOnTerminal("--epochs 5 --workers 0", columns, port);
        await terminal.LineAsync("waiting for workers 0/1");
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(directory, $"http://127.0.0.1:{port}", "w1");
        Assert.Equal(0, await terminal.ExitAsync());

        string shown = terminal.Output;
        Assert.Contains("Backprop", shown, StringComparison.Ordinal);
        Assert.Contains("Epoch 4: ", shown, StringComparison.Ordinal);
        Assert.Contains("completed: test accuracy", shown, StringComparison.Ordinal);
        Assert.Contains("\u001b[?25l", shown, StringComparison.Ordinal);
        Assert.True(shown.LastIndexOf("\u001b[?25h", StringComparison.Ordinal) > shown.LastIndexOf("\u001b[?25l", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Live_Interrupted_ExitsWith130AndGivesTheCursorBack()
    {
        await using ProgramProcess terminal = StartOnTerminal("--epochs 1000000 --workers 1 --threads 1", 100);
        await terminal.LineAsync("Epoch 3: ");
        ProgramProcess.Signal(ProcessTable.ChildrenOf(terminal.Id).SelectMany(Descendants).First(IsCoordinator), "INT");
        Assert.Equal(130, await terminal.ExitAsync());

        string shown = terminal.Output;
        Assert.Contains("interrupted: ", shown, StringComparison.Ordinal);
        Assert.Contains("checkpoints/step-", shown.ReplaceLineEndings(""), StringComparison.Ordinal);
        Assert.True(shown.LastIndexOf("\u001b[?25h", StringComparison.Ordinal) > shown.LastIndexOf("\u001b[?25l", StringComparison.Ordinal));
    }

    private static IEnumerable<int> Descendants(int process) =>
        ProcessTable.ChildrenOf(process).SelectMany(Descendants).Prepend(process);

    private static bool IsCoordinator(int process) =>
        ProcessTable.CommandOf(process).StartsWith("dotnet", StringComparison.Ordinal);

    private ProgramProcess StartOnTerminal(string options, int columns, int port = 0) => ProgramProcess.StartOnTerminal(
        $"stty cols {columns} rows 40; exec dotnet {ProgramProcess.PathOf("Coordinator")} {options} --listen 127.0.0.1:{port} "
        + $"--dashboard off --run-dir {Path.Combine(directory.Path, "run")}",
        directory.Path);

    private static ProgressSnapshot Snapshot(long step, TimeSpan elapsed, TimeSpan? remaining) => new(
        RunPhase.Training, 0, step, 0.25, 1000, elapsed, remaining, 2, 2, []);

    private static RunDescription Description()
    {
        var configuration = new RunConfiguration
        {
            Layers = "64-30-10", Activations = "sigmoid", Cost = "quadratic", Optimizer = "sgd", LearningRate = 3,
            Momentum = 0, L2 = 0, Schedule = "constant", Initializer = "scaled-gaussian", InitSha256 = null,
            MiniBatch = 10, Epochs = 2, Shards = 4, Shuffle = true, Seed = 1, DatasetSha256 = new string('0', 64),
        };
        return new RunDescription(
            "run", configuration, new DatasetRequest("made-up"), "made-up", 1000, 100, configuration.Plan(1000, 100, 0), false, 2, 1,
            "http://127.0.0.1:5000", null, "runs/x");
    }
}
