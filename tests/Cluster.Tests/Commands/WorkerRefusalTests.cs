namespace Backprop.Cluster.Tests.Commands;

public sealed class WorkerRefusalTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("--cordinator http://a:1", "Unknown option --cordinator|--coordinator")]
    [InlineData("join", "'join'|--help")]
    [InlineData("--threads 0", "--threads 0|from 1")]
    [InlineData("--threads many", "--threads many|a whole number")]
    [InlineData("--coordinator 127.0.0.1:5000", "--coordinator 127.0.0.1:5000|http://127.0.0.1:5000")]
    [InlineData("--coordinator ftp://host:5000", "--coordinator ftp://host:5000|http://127.0.0.1:5000")]
    [InlineData("--coordinator http://host:5000/path", "--coordinator http://host:5000/path|a host and a port")]
    [InlineData("--name a/b", "--name a/b|letters, digits")]
    [InlineData("--token-file none.txt", "--token-file none.txt|no such file")]
    [InlineData("--ca-file none.pem --coordinator https://host:5000", "--ca-file none.pem|no such file")]
    [InlineData("--ca-file none.pem", "--ca-file none.pem|https://127.0.0.1:5000")]
    [InlineData("--token-file t --coordinator http://host:5000", "--token-file t|https://host:5000")]
    [InlineData("--coordinator http://127.0.0.1:5001 --relay 5001", "--relay 5001|its own coordinator|another port")]
    [InlineData("--relay 5001x", "--relay 5001x|127.0.0.1:5080")]
    [InlineData("--relay 0.0.0.0:5001", "--relay 0.0.0.0:5001|--relay-cert-file, --relay-key-file and --token-file|127.0.0.1:5001")]
    [InlineData("--relay 0.0.0.0:5001 --relay-cert-file a.pem", "--relay-cert-file a.pem|--relay-key-file")]
    [InlineData("--relay 5001 --relay-client-ca-file a.pem", "--relay-client-ca-file a.pem|--relay-cert-file")]
    [InlineData("--relay 5001 --relay-cert-file none.pem --relay-key-file none.key", "none.pem|no such file")]
    [InlineData("--relay-cert-file a.pem", "--relay-cert-file a.pem|is for a relay|--relay 0.0.0.0:5001")]
    public Task Worker_BadInput_SaysWhatFits(string commandLine, string expected) =>
        Refusal.ExpectAsync(BuiltProgram.Worker, commandLine, expected, directory);

    [Fact]
    public Task Worker_AuthoritiesWithoutCertificate_SaysWhatFits()
    {
        directory.Write("ca.pem", "nothing");
        return Refusal.ExpectAsync(
            BuiltProgram.Worker, "--ca-file ca.pem --coordinator https://host:5000", "--ca-file ca.pem|no certificate|PEM", directory);
    }
}
