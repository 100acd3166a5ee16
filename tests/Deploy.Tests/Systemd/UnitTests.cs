using Backprop.Cluster.Tests.Access;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Systemd;

/// <summary>The units of deploy/systemd: judged by systemd's own tools, and their command lines played with real processes.</summary>
public sealed class UnitTests : IDisposable
{
    private const string CoordinatorUnit = "backprop-coordinator.service";
    private const string WorkerUnit = "backprop-worker.service";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(CoordinatorUnit)]
    [InlineData(WorkerUnit)]
    public async Task Unit_JudgedBySystemd_IsSoundAndConfined(string name)
    {
        string path = Path.Combine(directory.Path, name);
        new UnitFile(name).Write(path);

        Command verified = await Command.RunAsync("systemd-analyze", ["verify", "--man=no", path]);
        Assert.Equal((0, ""), (verified.ExitCode, verified.Errors));

        // In tenths: 2.0 of 10, where a unit that says nothing has 9.6.
        await Command.SucceedAsync("systemd-analyze", ["security", "--offline=yes", "--no-pager", "--threshold=20", path]);
    }

    [Fact]
    public async Task Services_StoppedAndStartedAgain_GoOnToTheSameWeights()
    {
        string root = directory.Path;
        await Keys.MakeAsync(directory, "keys", "127.0.0.1");
        Dictionary<string, string> run = new() { ["BACKPROP_EPOCHS"] = "400", ["BACKPROP_WORKERS"] = "0", ["BACKPROP_MIN_WORKERS"] = "1", ["BACKPROP_DASHBOARD"] = "off" };
        using var notified = new NotifySocket(Path.Combine(root, "coordinator.socket"));
        string port;
        await using (ProgramProcess first = StartCoordinator(run, "127.0.0.1:0", notified))
        {
            await notified.HearAsync("READY=1");
            port = (await first.LineAsync(@"more may join at https://127.0.0.1:(\d+)")).Groups[1].Value;
            await notified.HearAsync("STATUS=waiting for workers 0/1");
            using var workerNotified = new NotifySocket(Path.Combine(root, "worker.socket"));
            await using ProgramProcess worker = StartWorker(port, workerNotified);
            await workerNotified.HearAsync("READY=1");
            await workerNotified.HearAsync("STATUS=joined run ");
            await notified.HearAsync("STATUS=Epoch ");

            ProgramProcess.Signal(worker.Id, "TERM");
            await workerNotified.HearAsync("STOPPING=1");
            Assert.Equal(0, await worker.ExitAsync());
            ProgramProcess.Signal(first.Id, "TERM");
            await notified.HearAsync("STOPPING=1");
            await notified.HearAsync("STATUS=interrupted: ");
            Assert.Equal(new UnitFile(CoordinatorUnit)["SuccessExitStatus"], $"{await first.ExitAsync()}");
        }

        using var again = new NotifySocket(Path.Combine(root, "again.socket"));
        await using ProgramProcess second = StartCoordinator(run, $"127.0.0.1:{port}", again);
        await second.LineAsync(@"going on from step \d");
        using var secondNotified = new NotifySocket(Path.Combine(root, "second.socket"));
        await using ProgramProcess back = StartWorker(port, secondNotified);
        Assert.Equal(0, await second.ExitAsync());
        Assert.Equal(0, await back.ExitAsync());
        await again.HearAsync("STATUS=completed: ");

        string alone = Path.Combine(root, "alone");
        await Command.SucceedAsync(
            Installation.Coordinator, ["train", "--in-process", "--epochs", "400", "--dashboard", "off", "--run-dir", alone]);
        Assert.Equal(Verdict.WeightsOf(alone), Verdict.WeightsOf(Path.Combine(root, "state", "backprop", "run")));
    }

    private ProgramProcess StartCoordinator(Dictionary<string, string> run, string listen, NotifySocket notified) => ProgramProcess.Start(
        "Coordinator", directory.Path, new UnitFile(CoordinatorUnit).Arguments(directory.Path),
        new Dictionary<string, string>(run) { ["BACKPROP_LISTEN"] = listen, ["NOTIFY_SOCKET"] = notified.Path });

    private ProgramProcess StartWorker(string port, NotifySocket notified) => ProgramProcess.Start(
        "Worker", directory.Path, new UnitFile(WorkerUnit).Arguments(directory.Path),
        new Dictionary<string, string> { ["BACKPROP_COORDINATOR"] = $"https://127.0.0.1:{port}", ["BACKPROP_THREADS"] = "1", ["NOTIFY_SOCKET"] = notified.Path });
}
