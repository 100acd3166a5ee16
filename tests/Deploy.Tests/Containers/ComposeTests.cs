using System.Text.RegularExpressions;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Deploy.Tests.Containers;

public sealed class ComposeTests
{
    /// <summary>An option that a program no longer has would be found by a user's first start.</summary>
    [Fact]
    public async Task Compose_OptionsOfEachService_AreThoseOfItsProgram()
    {
        string text = await File.ReadAllTextAsync(
            Path.Combine(Checkout.Root, "deploy", "containers", "compose.yaml"), TestContext.Current.CancellationToken);
        string[] services = Regex.Split(text, @"^  (?:coordinator|worker):$", RegexOptions.Multiline);
        Assert.Equal(3, services.Length);
        string coordinator = await Command.SucceedAsync(Installation.Coordinator, ["train", "--help"])
            + await Command.SucceedAsync(Installation.Coordinator, ["health", "--help"]);
        foreach ((string service, string help) in (ReadOnlySpan<(string, string)>)
            [(services[1], coordinator), (services[2], await Command.SucceedAsync(Installation.Worker, ["--help"]))])
        {
            string[] options = [.. Regex.Matches(service, @"(?<=[ \[])--[a-z-]+").Select(match => match.Value).Distinct()];
            Assert.True(options.Length > 3);
            Assert.All(options, option => Assert.Matches($@"{option}(\s|,|$)", help));
        }
    }
}
