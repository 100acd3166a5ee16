using System.CommandLine;
using System.Globalization;
using Backprop.CommandLine;
using Backprop.Coordinator.Reports;
using Backprop.Core;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Commands;

/// <summary><c>verify</c>: proves from a run's ledger that every step was committed once and every example counted once.</summary>
internal static class VerifyCommand
{
    private const string Examples =
        """
        Example:
          Backprop.Coordinator verify runs/NAME

        Reads ledger.jsonl, which says for every committed step which worker computed each node, finds each node's examples
        from config.json (seed, mini-batch, shards), and counts them.

        Exit codes: 0 every example of every step counted once, 1 not so, 2 no such run.

        """;

    public static void AddTo(CommandLineProgram program)
    {
        var directory = new Argument<string>("run-dir")
        {
            HelpName = "RUN_DIR",
            Description = "the run directory, of a run that has ended or not.",
        };
        program.Add(
            new Command("verify", "Counts from a run's ledger: every step committed once, every example counted once.") { directory },
            [], Examples,
            (parsed, _, cancellationToken) =>
                Task.Run(() => Verify(parsed.GetRequiredValue(directory))).WaitAsync(cancellationToken));
    }

    /// <exception cref="UserErrorException">There is no run, or it has no ledger.</exception>
    private static int Verify(string directory)
    {
        string config = Path.Combine(directory, ConfigFile.Name);
        ReadableFile.Require($"verify {directory}: {config}", config);
        string ledger = Path.Combine(directory, LedgerFile.Name);
        ReadableFile.Require($"verify {directory}: {ledger}", ledger);
        SavedConfiguration saved = ConfigFile.Read(config);
        TrainingPlan plan = saved.Configuration.Plan(saved.TrainingExamples, saved.TestExamples, saved.CheckpointEvery);
        LedgerCheck check = LedgerCheck.Of(LedgerFile.Read(ledger), plan, saved.Configuration);
        List<string> faults = [.. check.Faults];
        if (CheckpointFiles.NewestFirst(Path.Combine(directory, RunDirectory.CheckpointsName)) is [var newest, ..] && newest.Step > check.Steps)
            faults.Add($"the ledger ends after {check.Steps} steps, and {CheckpointFiles.NameOf(newest.Path)} is there");
        if (SummaryFile.TryRead(Path.Combine(directory, SummaryFile.Name)) is { } summary && summary.Steps > check.Steps)
            faults.Add($"the ledger ends after {check.Steps} steps, and {SummaryFile.Name} says that {summary.Steps} were committed");

        string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
        foreach ((string worker, long examples) in check.ExamplesOf.OrderBy(worker => worker.Key, StringComparer.Ordinal))
            Console.WriteLine($"{worker}: {Number(examples)} examples");
        foreach (string fault in faults)
            Console.WriteLine($"WRONG: {fault}");
        Console.WriteLine((faults.Count, check.Steps) switch
        {
            (0, 0) => "no step is committed yet",
            (0, _) => $"{Number(check.Steps)} of {Number(plan.StepCount)} steps, each committed once; {Number(check.Examples)} examples, each counted once",
            _ => $"{faults.Count} {(faults.Count == 1 ? "fault" : "faults")} in {Number(check.Steps)} steps",
        });
        return faults.Count == 0 ? ExitCodes.Success : ExitCodes.Failed;
    }
}
