using System.Text;

namespace Backprop.Coordinator.Reports;

/// <summary>Text files that are there whole or not at all.</summary>
internal static class WholeFile
{
    /// <summary>Writes beside the target, flushes to the disk and renames: a reader sees the old text or the new one.</summary>
    public static void Write(string path, string text)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
