using System.Globalization;
using System.Net;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Access;

/// <summary>Variables by which servers and container images open addresses open none of a coordinator.</summary>
public sealed class EnvironmentTests : IDisposable
{
    private const string Listening = "0A";

    private static readonly string[] addressVariables =
        ["ASPNETCORE_URLS", "URLS", "DOTNET_URLS", "Kestrel__Endpoints__X__Url", "ASPNETCORE_Kestrel__Endpoints__X__Url"];

    private static readonly string[] portVariables =
        ["ASPNETCORE_HTTP_PORTS", "HTTP_PORTS", "HTTPS_PORTS", "DOTNET_HTTP_PORTS"];

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_VariablesThatNameAddresses_ListensOnItsOwnAlone()
    {
        var environment = new Dictionary<string, string>();
        foreach (string name in addressVariables)
            environment[name] = $"http://0.0.0.0:{UnassignedPort.Find()}";
        foreach (string name in portVariables)
            environment[name] = $"{UnassignedPort.Find()}";
        await using ProgramProcess coordinator = ProgramProcess.Start(
            "Coordinator", directory.Path,
            ["--epochs", "1", "--workers", "0", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--run-dir", "run"],
            environment);
        string grpc = (await coordinator.LineAsync(@"more may join at (\S+)")).Groups[1].Value;
        string page = (await coordinator.LineAsync(@"page\s+(http\S+)")).Groups[1].Value;

        Assert.Equal(
            new[] { grpc, page }.Select(address => IPEndPoint.Parse(new Uri(address).Authority).ToString()).Order(StringComparer.Ordinal),
            ListeningSocketsOf(coordinator.Id).Order(StringComparer.Ordinal));

        await using ProgramProcess worker = CoordinatorProcess.StartWorker(directory, grpc.TrimEnd('/'), "worker");
        int exitCode = await coordinator.ExitAsync();
        Assert.True(exitCode == 0, coordinator.Errors);
        Assert.Contains($"weights_sha256 {await Protocol.Reference.OneEpochAsync()}", coordinator.Output + coordinator.Errors, StringComparison.Ordinal);
        Assert.Equal(0, await worker.ExitAsync());
    }

    /// <summary>The addresses on which a process listens, in Linux's tables of TCP.</summary>
    private static string[] ListeningSocketsOf(int id)
    {
        HashSet<string> sockets = [.. ProcessTable.OpenFilesOf(id).Select(file => file.Target)];
        return
        [
            .. ((string[])["tcp", "tcp6"]).Select(table => $"/proc/{id}/net/{table}").Where(File.Exists)
                .SelectMany(table => File.ReadLines(table).Skip(1))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields[3] == Listening && sockets.Contains($"socket:[{fields[9]}]"))
                .Select(fields => EndPointOf(fields[1]).ToString()),
        ];
    }

    /// <param name="text">Address and port in hexadecimal digits, the address in words of this machine's byte order.</param>
    private static IPEndPoint EndPointOf(string text)
    {
        string[] parts = text.Split(':');
        byte[] address = [.. parts[0].Chunk(8).SelectMany(word => BitConverter.GetBytes(uint.Parse(word, NumberStyles.HexNumber, CultureInfo.InvariantCulture)))];
        return new IPEndPoint(new IPAddress(address), int.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
