using System.Diagnostics;
using System.Text.Json;
using Backprop.Bench;
using Backprop.Core.Formats;

namespace Backprop.Faults;

/// <summary>What checkpoints cost training: runs that write them as told by nobody, and runs with one at the end, in turn.</summary>
internal sealed class CheckpointShare : IMeasurement
{
    private const int WritesTimed = 5;

    private static readonly (string Name, string Options)[] runs =
    [
        ("the default run, two workers", "--workers 2 --listen 127.0.0.1:0"),
        ("the default run, `--in-process`", "--in-process"),
        ("a 20 MB model, two workers", "--workers 2 --listen 127.0.0.1:0 --epochs 12 --layers 64-2200-2200-10 --learning-rate 0.1"),
    ];

    public string Name => "overhead";

    public string Description => "The share of training time that checkpoints take, written as often as the default does.";

    public int Repeats => 5;

    public async Task MeasureAsync(int count, ReportSection section, CancellationToken cancellation)
    {
        section.Line($"");
        section.Line($"Seconds of training, medians of {count} rounds in turn (least to most). The last column needs no comparison of two noisy times: copy, checksum, write and flush of a checkpoint, timed alone, as often as they were written, as if training stood still for all of it; training stands still for the copy.");
        section.Line($"");
        section.Line($"| | by default | checkpoints | one at the end | difference (target 2 %) | all of the checkpoints / training |");
        section.Line($"|---|---|---|---|---|---|");
        foreach ((string name, string options) in runs)
        {
            (List<double> with, List<double> without) = ([], []);
            (int written, double share) = (0, 0);
            for (int round = 0; round < count; round++)
            {
                // Who comes first changes, so that neither has the warmer machine.
                foreach (bool byDefault in round % 2 == 0 ? new[] { true, false } : [false, true])
                {
                    DirectoryInfo directory = Directory.CreateTempSubdirectory("backprop-faults-");
                    try
                    {
                        string run = Path.Combine(directory.FullName, "run");
                        await CoordinatorProgram.RunAsync(
                            $"{options} --dashboard off --run-dir {run}{(byDefault ? "" : " --checkpoint-every 1000000000")}", cancellation);
                        JsonElement summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "summary.json"))).RootElement;
                        double seconds = summary.GetProperty("training_seconds").GetDouble();
                        int checkpoints = summary.GetProperty("checkpoints").GetInt32();
                        (byDefault ? with : without).Add(seconds);
                        if (byDefault)
                            (written, share) = (Math.Max(written, checkpoints), Math.Max(share, checkpoints * Time(run) / seconds));
                        Console.Error.WriteLine($"{name}, round {round + 1}/{count}, {checkpoints} checkpoints: {seconds:0.00} s");
                    }
                    finally
                    {
                        directory.Delete(recursive: true);
                    }
                }
            }

            section.Line($"| {name} | {Text(with)} | at most {written} | {Text(without)} | {(ReportText.Median(with) / ReportText.Median(without)) - 1:P1} | {share:P2} |");
        }
    }

    /// <summary>Seconds that all of the run's last checkpoint takes: the median of some.</summary>
    private static double Time(string run)
    {
        Checkpoint checkpoint = CheckpointFile.Read(Directory.GetFiles(Path.Combine(run, "checkpoints"), "step-*").Max(StringComparer.Ordinal)!);
        var seconds = new List<double>();
        for (int i = 0; i <= WritesTimed; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            CheckpointFile.Write(Path.Combine(run, "again"), checkpoint with { Parameters = checkpoint.Parameters.Copy() });
            if (i > 0)
                seconds.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
        }

        return ReportText.Median(seconds);
    }

    private static string Text(List<double> values) => FormattableString.Invariant($"{ReportText.Median(values):0.00} ({values.Min():0.00} to {values.Max():0.00})");
}
