using System.Buffers.Binary;

namespace Backprop.Deploy.Tests.Published;

/// <summary>What deploy/publish.sh makes for each platform, told by the first bytes of the programs.</summary>
[Collection(PublishedPrograms.Collection)]
public sealed class PlatformTests(PublishedPrograms published)
{
    [Theory]
    [InlineData("linux-x64", "", "ELF, machine 62")]
    [InlineData("linux-arm64", "", "ELF, machine 183")]
    [InlineData("win-x64", ".exe", "PE, machine 0x8664")]
    [InlineData("osx-arm64", "", "Mach-O, machine 0x100000C")]
    public async Task Publish_Platform_MakesBothProgramsForItsMachines(string platform, string ending, string format)
    {
        string root = await published.DirectoryOfAsync(platform);
        string coordinator = Path.Combine(root, "Backprop.Coordinator" + ending);
        string worker = Path.Combine(root, "worker", "Backprop.Worker" + ending);

        Assert.Equal((format, format), (FormatOf(coordinator), FormatOf(worker)));

        // Each is one file: nothing of the project lies beside it.
        Assert.Equal([coordinator], Directory.GetFiles(root, "Backprop.*"));
        Assert.Equal([worker], Directory.GetFileSystemEntries(Path.GetDirectoryName(worker)!));
    }

    private static string FormatOf(string path)
    {
        byte[] start = new byte[4096];
        using (FileStream file = File.OpenRead(path))
            file.ReadExactly(start);
        if (start.AsSpan().StartsWith("\u007fELF"u8))
            return $"ELF, machine {BinaryPrimitives.ReadUInt16LittleEndian(start.AsSpan(0x12))}";
        if (BinaryPrimitives.ReadUInt32LittleEndian(start) == 0xFEEDFACF)
            return $"Mach-O, machine 0x{BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(4)):X}";
        Assert.True(start.AsSpan().StartsWith("MZ"u8), $"{path} begins with {Convert.ToHexString(start.AsSpan(0, 8))}.");
        int header = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(0x3C));
        Assert.True(start.AsSpan(header).StartsWith("PE\0\0"u8), $"{path} has no header of a PE file at {header}.");
        return $"PE, machine 0x{BinaryPrimitives.ReadUInt16LittleEndian(start.AsSpan(header + 4)):X}";
    }
}
