using System.CommandLine;
using Backprop.CommandLine;

namespace Backprop.Coordinator.Commands;

/// <summary><c>resume</c>: goes on with a run to the same final weights as without the stop.</summary>
internal static class ResumeCommand
{
    private const string Examples =
        """
        Examples:
          Go on after Ctrl-C, a crash or a power failure:
            Backprop.Coordinator resume runs/NAME

          With other workers than before: the weights do not depend on them:
            Backprop.Coordinator resume runs/NAME --workers 4
            Backprop.Coordinator resume runs/NAME --in-process

          The table was moved meanwhile:
            Backprop.Coordinator resume runs/NAME --dataset /new/place/flowers.csv

        The run goes on from its newest whole checkpoint, to the same weights_sha256 as an uninterrupted run. What decides
        the result (--layers to --init, --mini-batch to --seed) is the run's: the command line may repeat it, another value
        is refused, and what environment variables and appsettings.json say of it is left aside, as it is for --dataset,
        --test-file and --label-column. Options of workers, addresses, output and security are taken as train takes them;
        --checkpoint-every, --audit and --data-dir are the run's unless they are given.

        Exit codes: 0 done, 1 failed, 2 refused options, 130 Ctrl-C, 143 SIGTERM.

        """;

    public static void AddTo(
        CommandLineProgram program, Func<string, SettingValues, CancellationToken, Task<int>> resume)
    {
        var directory = new Argument<string>("run-dir")
        {
            HelpName = "RUN_DIR",
            Description = "the run directory of a run that has not reached its end.",
        };
        program.Add(
            new Command("resume", "Goes on with a run from its newest whole checkpoint, to the same final weights.") { directory },
            [.. TrainSettings.All.Except([TrainSettings.OrResume])], Examples,
            (parsed, values, cancellationToken) => resume(parsed.GetRequiredValue(directory), values, cancellationToken));
    }
}
