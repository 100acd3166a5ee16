namespace Backprop.Cluster.Tests.Commands;

public sealed class ProgramHelpTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("--help", "--learning-rate <NUMBER>|[default: 3.0]|evaluate <MODEL>|Examples|Exit codes")]
    [InlineData("train --help", "--shards <COUNT>|[default: auto]|Examples")]
    [InlineData("evaluate --help", "MODEL|--dataset|Examples")]
    [InlineData("predict -h", "MODEL|--input|Examples")]
    public async Task Coordinator_Help_Teaches(string commandLine, string expectedParts)
    {
        ProgramResult result = await BuiltProgram.RunAsync(BuiltProgram.Coordinator, directory.Path, commandLine.Split(' '));
        Expect(result, expectedParts);
    }

    [Fact]
    public async Task Worker_Help_Teaches()
    {
        ProgramResult result = await BuiltProgram.RunAsync(BuiltProgram.Worker, directory.Path, ["--help"]);
        Expect(result, "--coordinator <URL>|http://127.0.0.1:5000|waits|Examples");
    }

    [Fact]
    public async Task Version_BothPrograms_Same()
    {
        ProgramResult coordinator = await BuiltProgram.RunAsync(BuiltProgram.Coordinator, directory.Path, ["--version"]);
        ProgramResult worker = await BuiltProgram.RunAsync(BuiltProgram.Worker, directory.Path, ["--version"]);

        Assert.Equal(0, coordinator.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+", coordinator.Output);
        Assert.Equal(coordinator.Output, worker.Output);
    }

    private static void Expect(ProgramResult result, string expectedParts)
    {
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.Error);
        foreach (string part in expectedParts.Split('|'))
            Assert.Contains(part, result.Output, StringComparison.Ordinal);
    }
}
