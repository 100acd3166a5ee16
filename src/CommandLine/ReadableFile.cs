using Backprop.Core;
using Backprop.Core.Formats;

namespace Backprop.CommandLine;

/// <summary>Makes sure, before anything starts, that a file that an option names can be read.</summary>
public static class ReadableFile
{
    /// <param name="given">The option and its value, as errors show them.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="UserErrorException">It cannot.</exception>
    public static void Require(string given, string path)
    {
        try
        {
            if (!EmptyFile.IsAt(path))
                File.OpenRead(path).Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{given} cannot be read: {Reason(exception)}.", exception);
        }
    }

    /// <summary>Why a file cannot be opened, without its path, which the error names already.</summary>
    public static string Reason(Exception exception) => exception switch
    {
        FileNotFoundException => "there is no such file",
        DirectoryNotFoundException => "there is no such directory",
        UnauthorizedAccessException => "it is a directory, or this user may not read it",
        _ => exception.Message.TrimEnd('.'),
    };
}
