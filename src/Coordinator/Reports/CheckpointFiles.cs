using System.Globalization;
using Backprop.Core;
using Backprop.Core.Formats;

namespace Backprop.Coordinator.Reports;

/// <summary>The checkpoints of a run directory: their names, their order, and the newest whole one.</summary>
internal static class CheckpointFiles
{
    private const string Beginning = "step-";
    private const string Ending = ".safetensors";

    public static string PathOf(string directory, long nextStep) => Path.Combine(directory, $"{Beginning}{nextStep:D9}{Ending}");

    /// <summary>Such as "step-000000300".</summary>
    public static string NameOf(string path) => Path.GetFileNameWithoutExtension(path);

    /// <summary>All of them with the steps in their names, the highest first; a directory that is not there has none.</summary>
    public static IReadOnlyList<(string Path, long Step)> NewestFirst(string directory) => NewestFirst(directory, Directory.GetFiles);

    private static IReadOnlyList<(string Path, long Step)> NewestFirst(string directory, Func<string, string, string[]> list) => !Directory.Exists(directory)
        ? []
        : [.. list(directory, $"{Beginning}*{Ending}")
            .Select(path => (Path: path, Step: StepOf(path)))
            .Where(file => file.Step >= 0)
            .OrderByDescending(file => file.Step)];

    /// <summary>Reads the newest one that is whole.</summary>
    /// <param name="refused">Receives a line for each newer one that is not: what is wrong, and what the run goes on from.</param>
    /// <returns>Null where there is no checkpoint at all.</returns>
    /// <exception cref="UserErrorException">There are some, and none is whole; the message names each.</exception>
    public static (string Path, Checkpoint Checkpoint)? ReadNewest(string directory, out IReadOnlyList<string> refused)
    {
        List<string> problems = [];
        // What has a checkpoint's name and is none is to be told of too.
        foreach ((string path, long _) in NewestFirst(directory, Directory.GetFileSystemEntries))
        {
            try
            {
                Checkpoint checkpoint = CheckpointFile.Read(path);
                refused = [.. problems.Select(problem => $"WARNING: {problem}; going on from {NameOf(path)}")];
                return (path, checkpoint);
            }
            catch (UserErrorException error)
            {
                problems.Add(error.Message.TrimEnd('.'));
            }
        }

        refused = [];
        return problems.Count == 0
            ? null
            : throw new UserErrorException(
                $"none of the {problems.Count} checkpoints in {directory} is whole: {string.Join("; ", problems)}. To train again from the start, delete them.");
    }

    /// <returns>−1 where the name is not a checkpoint's.</returns>
    private static long StepOf(string path) =>
        long.TryParse(NameOf(path).AsSpan(Beginning.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1;
}
