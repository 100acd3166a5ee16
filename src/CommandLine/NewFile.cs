using Backprop.Core;

namespace Backprop.CommandLine;

/// <summary>Makes sure, before anything starts, that a file that an option names can be made and takes the place of none.</summary>
public static class NewFile
{
    /// <param name="given">The option and its value, as errors show them.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="UserErrorException">It cannot.</exception>
    public static void Require(string given, string path)
    {
        if (Path.Exists(path))
            throw new UserErrorException($"{given} exists already; give the name of a new file, or move that one away.");
        string? directory = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(directory))
            throw new UserErrorException($"{given} cannot be made: there is no directory {directory}.");
    }
}
