namespace Backprop.Deploy.Tests;

public sealed class InstallationTests
{
    [Fact]
    public async Task Programs_AskedForTheirVersion_SayTheSame()
    {
        string coordinator = await Command.SucceedAsync(Installation.Coordinator, ["--version"]);
        Assert.Matches(@"^\d+\.\d+\.\d+", coordinator);
        Assert.Equal(coordinator, await Command.SucceedAsync(Installation.Worker, ["--version"]));
    }
}
