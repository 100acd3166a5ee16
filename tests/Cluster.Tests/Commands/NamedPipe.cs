using System.Diagnostics;

namespace Backprop.Cluster.Tests.Commands;

/// <summary>A pipe with a name that nobody writes to: to open it would be to wait for ever.</summary>
internal static class NamedPipe
{
    /// <summary>Puts one into the place of whatever is there.</summary>
    public static async Task TakePlaceOfAsync(string path)
    {
        File.Delete(path);
        using Process made = Process.Start("mkfifo", path);
        await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, made.ExitCode);
    }
}
