using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Commands;

/// <summary><c>verify</c> on runs of real processes.</summary>
public sealed class VerifyCommandTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("--workers 2 --straggler-timeout off", "w1: 750 examples\nw2: 750 examples\n")]
    [InlineData("--in-process", "in-process: 1,500 examples\n")]
    public async Task Verify_WholeRun_EveryExampleOnce(string options, string by)
    {
        await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 " + options);
        (int exitCode, string output) = await VerifyAsync();
        string sorted = string.Join('\n', output.Split('\n').Order(StringComparer.Ordinal));
        Assert.Equal(0, exitCode);
        Assert.Equal("150 of 150 steps, each committed once; 1,500 examples, each counted once\n" + by.TrimEnd(), sorted.Trim());
    }

    [Fact]
    public async Task Verify_LedgerWithoutAStep_SaysSo()
    {
        await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process --checkpoint-every 50");
        string ledger = Path.Combine(directory.Path, "run", "ledger.jsonl");
        string[] lines = File.ReadAllLines(ledger);
        File.WriteAllLines(ledger, [lines[0], .. lines.Skip(2)]);
        (int exitCode, string output) = await VerifyAsync();
        Assert.Equal(1, exitCode);
        Assert.Contains("WRONG: steps 50 to 99 are missing", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_LedgerShorterThanTheRun_SaysSo()
    {
        await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process --checkpoint-every 50");
        string run = Path.Combine(directory.Path, "run");
        string ledger = Path.Combine(run, "ledger.jsonl");
        File.WriteAllLines(ledger, File.ReadAllLines(ledger)[..2]);
        Directory.Delete(Path.Combine(run, "checkpoints"), recursive: true);
        (int exitCode, string output) = await VerifyAsync();
        Assert.Equal(1, exitCode);
        Assert.Contains("WRONG: the ledger ends after 100 steps, and summary.json says that 150 were committed", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json", 2)]
    [InlineData("ledger.jsonl", 1)]
    public async Task Verify_NamedPipeInPlaceOfAFile_EndsAndSaysSo(string name, int expected)
    {
        await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process");
        await NamedPipe.TakePlaceOfAsync(Path.Combine(directory.Path, "run", name));
        await using ProgramProcess program = ProgramProcess.Start("Coordinator", directory.Path, ["verify", "run"]);

        Assert.Equal(expected, await program.ExitAsync());
        Assert.Contains(
            expected == 2 ? "config.json is not a run's configuration: it is empty, or no file. Put it right, or delete it" : "WRONG: the ledger ends after 0 steps",
            program.Errors + program.Output, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, string Output)> VerifyAsync()
    {
        await using ProgramProcess program = ProgramProcess.Start("Coordinator", directory.Path, ["verify", "run"]);
        return (await program.ExitAsync(), program.Output);
    }
}
