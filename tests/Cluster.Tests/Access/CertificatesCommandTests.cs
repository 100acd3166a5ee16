using System.Diagnostics;
using System.Runtime.Versioning;
using Backprop.Cluster.Tests.Commands;

namespace Backprop.Cluster.Tests.Access;

/// <summary><c>certificates</c>, as OpenSSL and the file system see what it makes.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class CertificatesCommandTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Certificates_NewDirectory_SevenFilesForThisUserAlone()
    {
        string keys = await Keys.MakeAsync(directory, "keys", "trainer.example");

        Assert.Equal(
            ["ca.key", "ca.pem", "server.key", "server.pem", "token.txt", "worker.key", "worker.pem"],
            Directory.GetFiles(keys).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.All(Directory.GetFiles(keys), path => Assert.Equal(mine, File.GetUnixFileMode(path)));
        Assert.Equal(mine | UnixFileMode.UserExecute, File.GetUnixFileMode(keys));
        Assert.Matches("^[0-9a-f]{64}\n$", File.ReadAllText(Path.Combine(keys, "token.txt")));
    }

    // Each certificate is good for its own side's use and not for the other's, by the names it was made for.
    [Theory]
    [InlineData("server.pem", "-purpose sslserver -verify_hostname trainer.example", true)]
    [InlineData("server.pem", "-purpose sslserver -verify_ip 192.0.2.7", true)]
    [InlineData("server.pem", "-purpose sslserver -verify_ip 2001:db8::7", true)]
    [InlineData("server.pem", "-purpose sslserver -verify_hostname other.example", false)]
    [InlineData("server.pem", "-purpose sslclient", false)]
    [InlineData("worker.pem", "-purpose sslclient", true)]
    [InlineData("worker.pem", "-purpose sslserver", false)]
    [InlineData("server.pem", "-purpose sslserver -attime 4102444800", false)] // 2100-01-01
    public async Task Certificates_OpenSsl_AcceptsForItsUseAlone(string certificate, string how, bool accepted)
    {
        string keys = await Keys.MakeAsync(directory, "keys", "trainer.example", "192.0.2.7", "2001:db8::7");
        using Process openssl = Process.Start(new ProcessStartInfo(
            "openssl", ["verify", "-x509_strict", "-CAfile", Path.Combine(keys, "ca.pem"), .. how.Split(' '), Path.Combine(keys, certificate)])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        string said = await openssl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            + await openssl.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await openssl.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(accepted == (openssl.ExitCode == 0), said);
    }

    [Fact]
    public async Task Certificates_Again_LeavesWhatIsThere()
    {
        string keys = await Keys.MakeAsync(directory, "keys", "127.0.0.1");
        string token = File.ReadAllText(Path.Combine(keys, "token.txt"));

        await Refusal.ExpectAsync(BuiltProgram.Coordinator, "certificates keys 127.0.0.1", "ca.pem is there already|another directory", directory);
        Assert.Equal(token, File.ReadAllText(Path.Combine(keys, "token.txt")));
    }

    [Theory]
    [InlineData("1.2.3")]
    [InlineData("host/path")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("münchen.example")]
    public async Task Certificates_UnfitName_WritesNothing(string name)
    {
        await Refusal.ExpectAsync(BuiltProgram.Coordinator, $"certificates keys {name}", $"'{name}' is no host name or address", directory);
        Assert.False(Directory.Exists(Path.Combine(directory.Path, "keys")));
    }
}
