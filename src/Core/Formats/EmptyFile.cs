namespace Backprop.Core.Formats;

/// <summary>Files without content, a named pipe among them: to open one is to wait for whoever is at its other end, for ever.</summary>
public static class EmptyFile
{
    /// <summary>Whether there is a file at the path, and nothing in it.</summary>
    public static bool IsAt(string path) => new FileInfo(path) is { Exists: true, Length: 0 };
}
