using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;
using Backprop.Core;

namespace Backprop.Cluster.Tests.Reports;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Create_NewOrEmpty_IsMadeAndHoldsTheLockAlone()
    {
        string path = Path.Combine(directory.Path, "runs", "one");
        for (int time = 0; time < 2; time++)
        {
            using RunDirectory made = await RunDirectory.CreateAsync(path, TimeProvider.System);
            Assert.Equal(path, made.FullPath);
            Assert.False(made.IsResumed);
            Assert.Equal([".lock", ".lock-owner"], Directory.GetFileSystemEntries(path).Select(Path.GetFileName).Order());
        }

        Assert.Equal([".lock"], Directory.GetFileSystemEntries(path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("runs/one")]
    [InlineData("runs/one/")]
    public async Task TakeBack_RunNotStarted_LeavesNothingOfItsOwn(string path)
    {
        string mine = Directory.CreateDirectory(Path.Combine(directory.Path, "mine")).FullName;
        (await CreateAsync(Path.Combine(mine, path))).TakeBack();
        Assert.Equal([mine], directory.Entries());
    }

    [Fact]
    public async Task TakeBack_SomethingElseCameIntoIt_IsLeft()
    {
        RunDirectory taken = await CreateAsync(Path.Combine(directory.Path, "runs", "one"));
        string other = Directory.CreateDirectory(Path.Combine(directory.Path, "runs", "other")).FullName;
        taken.TakeBack();
        Assert.False(Directory.Exists(taken.FullPath));
        Assert.True(Directory.Exists(other));
    }

    /// <summary>Before config.json there is nothing to resume, and a coordinator that was killed by then is no reason to refuse.</summary>
    [Theory]
    [InlineData(".lock-owner.fed98a606638400ab007e103b5d55067.part")]
    [InlineData("config.json.fed98a606638400ab007e103b5d55067.part")]
    public async Task Create_KilledInItsFirstMoments_IsTakenAnew(string leftover)
    {
        directory.Write(".lock", "");
        directory.Write(leftover, "half");
        using RunDirectory taken = await CreateAsync(directory.Path);
        Assert.Equal([".lock", ".lock-owner"], Directory.GetFileSystemEntries(directory.Path).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("file")]
    [InlineData(".hidden")]
    public async Task Create_NotEmpty_IsRefusedAndLeft(string name)
    {
        directory.Write(name, "mine");
        UserErrorException error = await Assert.ThrowsAsync<UserErrorException>(() => CreateAsync(directory.Path));
        Assert.StartsWith($"run directory {directory.Path} is not empty; ", error.Message, StringComparison.Ordinal);
        Assert.Equal([Path.Combine(directory.Path, name)], directory.Entries());
    }

    [Theory]
    [InlineData("file", "is a file")]
    [InlineData("file/below", "cannot be made")]
    public async Task Create_FileInTheWay_IsRefusedAndLeft(string below, string expected)
    {
        string file = directory.Write("file", "mine");
        string path = Path.Combine(directory.Path, below);
        UserErrorException error = await Assert.ThrowsAsync<UserErrorException>(() => CreateAsync(path));
        Assert.StartsWith($"run directory {path} {expected}", error.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(file));
    }

    private static Task<RunDirectory> CreateAsync(string path) => RunDirectory.CreateAsync(path, TimeProvider.System);
}
