using System.Diagnostics;
using System.Globalization;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.Formats;

namespace Backprop.Faults;

/// <summary>A coordinator that writes checkpoints nearly all the time is killed, again and again, and goes on.</summary>
internal sealed class CheckpointKills : IMeasurement
{
    /// <summary>Runs side by side: most of a cycle is the start of a process.</summary>
    private const int LanesAtMost = 4;

    private const int StepsPerEpoch = 150;
    private const string Network = "--in-process --threads 1 --layers 64-2000-10";

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    private int kills;
    private int files;
    private int torn;
    private int halfWritten;
    private int unswept;

    public string Name => "checkpoints";

    public string Description => "A coordinator killed (-9) while it writes checkpoints: torn files, and leftovers after the next start.";

    public int Repeats => 1000;

    public async Task MeasureAsync(int count, ReportSection section, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        int lanes = Math.Min(LanesAtMost, count);
        long[] steps = await Task.WhenAll(Enumerable.Range(0, lanes)
            .Select(lane => RunLaneAsync(lane, (count + lane) / lanes, count, cancellation)));
        TimeSpan took = Stopwatch.GetElapsedTime(begin);
        section.Line($"");
        section.Line($"| kills | left a file half written | checkpoints read after them | torn (target 0) | leftovers after the next start (target 0) |");
        section.Line($"|---|---|---|---|---|");
        section.Line($"| {kills:N0} | {halfWritten:N0} | {files:N0} | {torn} | {unswept} |");
        section.Line($"");
        section.Line($"{lanes} runs side by side, of {Network[Network.IndexOf("--layers", StringComparison.Ordinal)..]}, a checkpoint every step, in {took.TotalMinutes:0.0} minutes. After {string.Join(" and ", steps.Select(step => step.ToString("N0", CultureInfo.InvariantCulture)))} steps their ledgers are whole and their weights those of a run without faults.");
        if (torn + unswept > 0)
            throw new MeasurementException(FormattableString.Invariant($"After {kills} kills {torn} checkpoints were torn, and {unswept} leftovers stayed."));
    }

    /// <returns>The steps of its newest checkpoint.</returns>
    private async Task<long> RunLaneAsync(int lane, int count, int all, CancellationToken cancellation)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("backprop-faults-");
        try
        {
            string run = Path.Combine(directory.FullName, "run");
            string checkpoints = Path.Combine(run, "checkpoints");
            var random = new RandomSource(seed: 1, stream: (ulong)lane);
            for (int i = 0; i < count; i++)
            {
                string[] before = FilesIn(checkpoints, "*");
                string how = i == 0 ? $"{Network} --epochs 1000000 --checkpoint-every 1 --run-dir {run}" : $"resume {run} --in-process --threads 1";
                await KillWhileWritingAsync(how, checkpoints, TimeSpan.FromMilliseconds(50 + random.NextInt(350)), cancellation);
                string[] after = FilesIn(checkpoints, "*");
                Interlocked.Add(ref unswept, before.Intersect(after).Count(IsLeftover));
                Interlocked.Add(ref halfWritten, after.Any(IsLeftover) ? 1 : 0);
                foreach (string path in after.Where(path => path.EndsWith(".safetensors", StringComparison.Ordinal)))
                    Check(path);
                if (Interlocked.Increment(ref kills) % 10 == 0)
                    Console.Error.WriteLine($"kill {kills}/{all}: {files} checkpoints read, {torn} torn");
            }

            return await CompareAsync(run, checkpoints, Path.Combine(directory.FullName, "reference"), cancellation);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Starts it, and kills it so long after its first checkpoint.</summary>
    private static async Task KillWhileWritingAsync(string how, string checkpoints, TimeSpan after, CancellationToken cancellation)
    {
        string? newest = Newest(checkpoints);
        string last = "";
        using Process process = CoordinatorProgram.Train(how, line => last = line.Length == 0 ? last : line);
        long begin = Stopwatch.GetTimestamp();
        try
        {
            while (Newest(checkpoints) == newest)
            {
                if (process.HasExited || Stopwatch.GetElapsedTime(begin) > Deadline)
                    throw new MeasurementException($"{how}: wrote no checkpoint: {last}");
                await Task.Delay(10, cancellation);
            }

            await Task.Delay(after, cancellation);
        }
        finally
        {
            process.Kill();
        }

        await process.WaitForExitAsync(cancellation);
    }

    private void Check(string path)
    {
        Interlocked.Increment(ref files);
        try
        {
            CheckpointFile.Read(path);
        }
        catch (UserErrorException error)
        {
            Interlocked.Increment(ref torn);
            Console.Error.WriteLine($"TORN: {error.Message}");
        }
    }

    /// <summary>Holds the newest weights to those of a run that was never killed.</summary>
    private static async Task<long> CompareAsync(string run, string checkpoints, string reference, CancellationToken cancellation)
    {
        await CoordinatorProgram.RunAsync($"verify {run}", cancellation);
        string newest = Newest(checkpoints) ?? throw new MeasurementException($"{checkpoints} is empty.");
        Checkpoint checkpoint = CheckpointFile.Read(newest);
        long steps = checkpoint.NextStep;
        if (steps < StepsPerEpoch)
            throw new MeasurementException($"{run}: {steps} steps are too few to compare; take more --repeats.");
        await CoordinatorProgram.RunAsync(
            $"{Network} --epochs {(steps + StepsPerEpoch - 1) / StepsPerEpoch} --checkpoint-every {steps} --dashboard off --run-dir {reference}", cancellation);
        string expected = CheckpointFile.Read(Path.Combine(reference, "checkpoints", Path.GetFileName(newest))).Parameters.ComputeSha256();
        string weights = checkpoint.Parameters.ComputeSha256();
        return weights == expected
            ? steps
            : throw new MeasurementException($"After {steps} steps the weights are {weights}, without faults {expected}.");
    }

    private static string? Newest(string checkpoints) => FilesIn(checkpoints, "step-*.safetensors").Max(StringComparer.Ordinal);

    private static bool IsLeftover(string path) => path.EndsWith(".part", StringComparison.Ordinal);

    private static string[] FilesIn(string directory, string pattern) =>
        Directory.Exists(directory) ? Directory.GetFiles(directory, pattern) : [];
}
