namespace Backprop.Cluster.Tests.Commands;

/// <summary>The promise about input that cannot be used: one line, exit code 2, nothing else.</summary>
internal static class Refusal
{
    /// <summary>Runs a program, holds the promise, and expects parts of the line, which | separates.</summary>
    public static async Task ExpectAsync(
        string program, string commandLine, string expectedParts, TemporaryDirectory directory,
        (string Name, string Value)[]? environment = null)
    {
        string[] before = directory.Entries();
        ProgramResult result = await BuiltProgram.RunAsync(
            program, directory.Path, commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries), environment);

        Assert.Equal(2, result.ExitCode);
        string line = Assert.Single(result.ErrorLines);
        foreach (string part in expectedParts.Split('|'))
            Assert.Contains(part, line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
        Assert.Equal(before, directory.Entries());
    }
}
