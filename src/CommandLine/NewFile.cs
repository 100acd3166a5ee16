using System.Globalization;
using Backprop.Core;

namespace Backprop.CommandLine;

/// <summary>Makes sure, before anything starts, that a file that an option names can be made and takes the place of none.</summary>
public static class NewFile
{
    /// <param name="given">The option and its value, as errors show them.</param>
    /// <param name="path">The file.</param>
    /// <param name="isNumbered">The file is named by <see cref="Numbered"/>.</param>
    /// <exception cref="UserErrorException">It cannot.</exception>
    public static void Require(string given, string path, bool isNumbered = false)
    {
        if (!isNumbered && Path.Exists(path))
            throw new UserErrorException($"{given} exists already; give the name of a new file, or move that one away.");
        string? directory = Path.GetDirectoryName(Path.GetFullPath(path));
        if (!Directory.Exists(directory))
            throw new UserErrorException($"{given} cannot be made: there is no directory {directory}.");
    }

    /// <summary>For words that are given again and again: the name itself, or where there is such a file the first of NAME-2, NAME-3 … that is free.</summary>
    public static string Numbered(string path)
    {
        string free = path;
        for (int number = 2; Path.Exists(free); number++)
            free = string.Create(CultureInfo.InvariantCulture, $"{path[..^Path.GetExtension(path).Length]}-{number}{Path.GetExtension(path)}");
        return free;
    }
}
