using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Access;

/// <summary>The command that asks whether a coordinator serves, over what workers join by.</summary>
public sealed class HealthCommandTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Health_CoordinatorWithTlsAndToken_ServesThoseWhoKnowBoth()
    {
        string keys = await Keys.MakeAsync(directory, "keys", "localhost");
        string others = await Keys.MakeAsync(directory, "others", "localhost");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0 " + Keys.CoordinatorOptions(keys));
        string url = $"https://localhost:{new Uri(await coordinator.AddressAsync()).Port}";

        Assert.Equal((0, "serving", ""), await AskAsync(url, Keys.WorkerOptions(keys)));
        await ExpectNoneAsync("No token", url, "--ca-file", $"{keys}/ca.pem");
        await ExpectNoneAsync("Not this run's token", url, Keys.WorkerOptions(keys, token: others));
        await ExpectNoneAsync("certificate", url, Keys.WorkerOptions(others, token: keys));

        await coordinator.KillAsync();
        await ExpectNoneAsync("refused", url, Keys.WorkerOptions(keys));
    }

    [Fact]
    public async Task Health_CoordinatorAsksForCertificates_ServesThoseWhoShowAWorkers()
    {
        string keys = await Keys.MakeAsync(directory, "keys", "localhost");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, $"--epochs 1 --workers 0 --client-ca-file {keys}/ca.pem " + Keys.CoordinatorOptions(keys));
        string url = $"https://localhost:{new Uri(await coordinator.AddressAsync()).Port}";
        string[] shown = ["--cert-file", $"{keys}/worker.pem", "--key-file", $"{keys}/worker.key"];

        Assert.Equal((0, "serving", ""), await AskAsync(url, [.. Keys.WorkerOptions(keys), .. shown]));
        await ExpectNoneAsync("", url, Keys.WorkerOptions(keys));
    }

    [Fact]
    public async Task Health_CoordinatorOfThisMachine_Serves()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        Assert.Equal((0, "serving", ""), await AskAsync((await coordinator.AddressAsync()).TrimEnd('/')));
    }

    [Fact]
    public async Task Health_CoordinatorStandsStill_NoneWithinItsDeadline()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string url = (await coordinator.AddressAsync()).TrimEnd('/');
        await coordinator.Program.FreezeAsync();

        await ExpectNoneAsync("Deadline", url);
    }

    [Theory]
    [InlineData("health", "health needs URL")]
    [InlineData("health localhost", "health 'localhost' does not fit; it takes a URL with a host and a port")]
    [InlineData("health https://localhost:5000 --ca-file none.pem", "--ca-file none.pem cannot be read: there is no such file")]
    [InlineData("health https://localhost:5000 --cert-file none.pem", "--cert-file none.pem needs --key-file with it")]
    [InlineData("health http://192.0.2.1:5000 --token-file none", "--token-file none would send the token readable by anyone|try https://192.0.2.1:5000")]
    public Task Health_OptionsThatDoNotFit_AreRefused(string commandLine, string expectedParts) =>
        Refusal.ExpectAsync(BuiltProgram.Coordinator, commandLine, expectedParts, directory);

    private async Task ExpectNoneAsync(string reason, string url, params string[] options)
    {
        (int exitCode, string output, string error) = await AskAsync(url, options);
        Assert.Equal((1, ""), (exitCode, output));
        Assert.StartsWith($"no health of {url}: ", error, StringComparison.Ordinal);
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    private async Task<(int ExitCode, string Output, string Error)> AskAsync(string url, params string[] options)
    {
        ProgramResult result = await BuiltProgram.RunAsync(BuiltProgram.Coordinator, directory.Path, ["health", url, .. options]);
        return (result.ExitCode, result.Output.Trim(), result.Error.Trim());
    }
}
