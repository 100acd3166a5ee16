using System.Text;
using Backprop.Core.Formats;

namespace Backprop.Coordinator.Reports;

/// <summary>Text files of a run, which are there whole or not at all.</summary>
internal static class WholeFile
{
    public static void Write(string path, string text) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Read(string path) => HasContent(path) ? File.ReadAllText(path) : "";

    /// <inheritdoc cref="Read"/>
    public static IEnumerable<string> ReadLines(string path) => HasContent(path) ? File.ReadLines(path) : [];

    /// <summary>To open a named pipe is to wait for whoever writes to it, for ever; like an empty file it has no length.</summary>
    private static bool HasContent(string path) => new FileInfo(path) is not { Exists: true, Length: 0 };
}
