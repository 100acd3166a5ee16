using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;
using Backprop.Core;

namespace Backprop.Cluster.Tests.Reports;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Create_NewOrEmpty_IsMade()
    {
        string path = Path.Combine(directory.Path, "runs", "one");
        Assert.Equal(path, new RunDirectory(path).FullPath);
        Assert.True(Directory.Exists(path));
        Assert.Equal(path, new RunDirectory(path).FullPath);
        Assert.Empty(Directory.GetFileSystemEntries(path));
    }

    [Theory]
    [InlineData("runs/one")]
    [InlineData("runs/one/")]
    public void TakeBack_RunNotStarted_LeavesNothingOfItsOwn(string path)
    {
        string mine = Directory.CreateDirectory(Path.Combine(directory.Path, "mine")).FullName;
        new RunDirectory(Path.Combine(mine, path)).TakeBack();
        Assert.Equal([mine], directory.Entries());
    }

    [Fact]
    public void TakeBack_SomethingElseCameIntoIt_IsLeft()
    {
        var taken = new RunDirectory(Path.Combine(directory.Path, "runs", "one"));
        string other = Directory.CreateDirectory(Path.Combine(directory.Path, "runs", "other")).FullName;
        taken.TakeBack();
        Assert.False(Directory.Exists(taken.FullPath));
        Assert.True(Directory.Exists(other));
    }

    [Theory]
    [InlineData("file")]
    [InlineData(".hidden")]
    public void Create_NotEmpty_IsRefusedAndLeft(string name)
    {
        directory.Write(name, "mine");
        UserErrorException error = Assert.Throws<UserErrorException>(() => new RunDirectory(directory.Path));
        Assert.Equal($"--run-dir {directory.Path} is not empty; give a new directory, or an empty one.", error.Message);
        Assert.Equal([Path.Combine(directory.Path, name)], directory.Entries());
    }

    [Theory]
    [InlineData("file")]
    [InlineData("file/below")]
    public void Create_FileInTheWay_IsRefusedAndLeft(string below)
    {
        string file = directory.Write("file", "mine");
        string path = Path.Combine(directory.Path, below);
        UserErrorException error = Assert.Throws<UserErrorException>(() => new RunDirectory(path));
        Assert.StartsWith($"--run-dir {path} cannot be made: ", error.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(file));
    }
}
