using System.Diagnostics;
using Backprop.Cluster.Tests.Commands;
using Backprop.Protos.SharedMemory;

namespace Backprop.Cluster.Tests.SharedMemory;

public sealed class SharedDirectoryTests : IDisposable
{
    private const string Unique = "0123456789abcdef0123456789abcdef";
    private const string Other = "4567cdef4567cdef4567cdef4567cdef";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Sweep_FilesOfManyProcesses_DeletesThoseOfDeadOnes()
    {
        // Its number is given out again only after all others.
        using Process ended = Process.Start("/bin/true");
        await ended.WaitForExitAsync(TestContext.Current.CancellationToken);
        string[] kept =
        [
            directory.Write($"backprop-{Environment.ProcessId}-{Unique}", ""),
            directory.Write($"backprop-1-{Unique}", ""), // the first process always lives, and is another user's
            directory.Write($"other-{ended.Id}-{Unique}", ""),
            directory.Write("backprop-", ""),
            directory.Write($"backprop-{ended.Id}-notes", ""), // somebody's own
            directory.Write($"backprop-name-{Unique}", ""),
            directory.Write($"backprop--{ended.Id}-{Unique}", ""),
            directory.Write($"backprop-99999999999999999999-{Unique}", ""),
        ];
        directory.Write($"backprop-{ended.Id}-{Unique}", "");
        directory.Write($"backprop-{ended.Id}-{Other}", "");
        directory.Write($"backprop-{int.MaxValue}-{Unique}", "");

        SharedDirectory.Sweep(directory.Path);

        Assert.Equal(kept.Order(StringComparer.Ordinal), directory.Entries().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void NewPath_EachTime_AnotherNameOfThisProcess()
    {
        string one = SharedDirectory.NewPath();
        Assert.NotEqual(one, SharedDirectory.NewPath());
        Assert.Equal(SharedDirectory.Location, Path.GetDirectoryName(one));
        Assert.StartsWith($"backprop-{Environment.ProcessId}-", Path.GetFileName(one), StringComparison.Ordinal);
        SharedDirectory.Sweep();
    }
}
