using System.Text;
using Backprop.Core.Formats;

namespace Backprop.Coordinator.Reports;

/// <summary>Text files of a run, which are there whole or not at all.</summary>
internal static class WholeFile
{
    public static void Write(string path, string text) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Read(string path) => EmptyFile.IsAt(path) ? "" : File.ReadAllText(path);

    /// <inheritdoc cref="Read"/>
    public static IEnumerable<string> ReadLines(string path) => EmptyFile.IsAt(path) ? [] : File.ReadLines(path);
}
