using System.Text;

namespace Backprop.Coordinator.Reports;

/// <summary>Lines of a file that is only appended to: each is there whole or not at all.</summary>
internal static class WholeLine
{
    /// <exception cref="IOException">It could not be written; the lines before it and after it stay whole.</exception>
    public static void Append(Stream stream, string line)
    {
        long end = stream.Position;
        try
        {
            stream.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (Exception error) when (error is IOException or ArgumentOutOfRangeException)
        {
            // A full disk takes the first part of a line; of a file that may not grow any more .NET says the second.
            stream.SetLength(end);
            throw error as IOException ?? new IOException(error.Message, error);
        }
    }
}
