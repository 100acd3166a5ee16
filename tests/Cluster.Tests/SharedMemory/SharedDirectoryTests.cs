using System.Diagnostics;
using Backprop.Cluster.Tests.Commands;
using Backprop.Protos.SharedMemory;

namespace Backprop.Cluster.Tests.SharedMemory;

public sealed class SharedDirectoryTests : IDisposable
{
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
            directory.Write($"backprop-{Environment.ProcessId}-0123abcd", ""),
            directory.Write("backprop-1-0123abcd", ""), // the first process always lives, and is another user's
            directory.Write($"other-{ended.Id}-0123abcd", ""),
            directory.Write("backprop-", ""),
            directory.Write("backprop-name-0123abcd", ""),
            directory.Write($"backprop--{ended.Id}-0123abcd", ""),
            directory.Write("backprop-99999999999999999999-0123abcd", ""),
        ];
        directory.Write($"backprop-{ended.Id}-0123abcd", "");
        directory.Write($"backprop-{ended.Id}-4567cdef", "");
        directory.Write($"backprop-{int.MaxValue}-0123abcd", "");

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
