using System.Text;
using Backprop.Core.Formats;

namespace Backprop.Coordinator.Reports;

/// <summary>Text files that are there whole or not at all.</summary>
internal static class WholeFile
{
    public static void Write(string path, string text) =>
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
}
