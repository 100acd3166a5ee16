using Backprop.Core.Formats;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Formats;

public sealed class AtomicFileTests : IDisposable
{
    [Fact]
    public void SweepLeftovers_OfKilledWriters_AreGoneAndNothingElse()
    {
        string leftover = $"step-000000300.safetensors.{Guid.NewGuid():N}.part";
        foreach (string name in (string[])[leftover, "mine.part", "step-000000200.safetensors", $"{Guid.NewGuid():N}.txt"])
            directory.Write(name, "x");
        AtomicFile.SweepLeftovers(directory.Path);
        Assert.Equal(3, directory.Entries().Length);
        Assert.DoesNotContain(leftover, directory.Entries());
        AtomicFile.SweepLeftovers(directory.PathOf("none"));
    }

    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Write_NewOrOld_IsTheNewContentAndNothingElseStands()
    {
        string path = directory.PathOf("file");

        AtomicFile.Write(path, stream => stream.Write("first, and longer"u8));
        AtomicFile.Write(path, stream => stream.Write("second"u8));

        Assert.Equal("second", File.ReadAllText(path));
        Assert.Equal(["file"], directory.Entries());
    }

    [Fact]
    public void Write_WhileWriting_TheOldFileStands()
    {
        string path = directory.Write("file", "old");

        AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(path));
        });

        Assert.Equal("new", File.ReadAllText(path));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_FailsInTheMiddle_LeavesTheOldFileAndNoOther(bool hasOld)
    {
        if (hasOld)
            directory.Write("file", "old");

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(directory.PathOf("file"), stream =>
        {
            stream.Write("half of the n"u8);
            throw new InvalidOperationException("no more");
        }));

        Assert.Equal("no more", error.Message);
        Assert.Equal(hasOld ? ["file"] : [], directory.Entries());
        Assert.True(!hasOld || File.ReadAllText(directory.PathOf("file")) == "old");
    }

    [Fact]
    public void Write_NameOfADirectory_FailsAndLeavesNoOther()
    {
        Directory.CreateDirectory(directory.PathOf("file"));

        Assert.ThrowsAny<SystemException>(() => AtomicFile.Write(directory.PathOf("file"), stream => stream.Write("new"u8)));
        Assert.Equal(["file"], directory.Entries());
    }

    [Fact]
    public void Write_NoSuchDirectory_FailsWithThat() => Assert.Throws<DirectoryNotFoundException>(
        () => AtomicFile.Write(Path.Combine(directory.Path, "none", "file"), stream => stream.Write("new"u8)));

    [Fact]
    public void Write_FailsAndItsDirectoryIsGone_FailsWithTheFirstFailure()
    {
        string below = directory.PathOf("below");
        Directory.CreateDirectory(below);

        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(Path.Combine(below, "file"), _ =>
        {
            Directory.Delete(below, recursive: true);
            throw new InvalidOperationException("no more");
        }));
        Assert.Empty(directory.Entries());
    }
}
