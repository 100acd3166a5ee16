using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Relays;

/// <summary>A worker to which others may come.</summary>
internal sealed class RelayProcess : IAsyncDisposable
{
    private RelayProcess(ProgramProcess program, string address)
    {
        Program = program;
        Address = address;
    }

    public ProgramProcess Program { get; }

    /// <summary>Where workers join it.</summary>
    public string Address { get; }

    public int Port => new Uri(Address).Port;

    /// <summary>Starts one on any free port, and waits until it is open, which it is once it has joined.</summary>
    public static Task<RelayProcess> StartAsync(TemporaryDirectory directory, string coordinator, string name, params string[] options) =>
        StartAsync(directory, coordinator, name, 0, options);

    public static async Task<RelayProcess> StartAsync(
        TemporaryDirectory directory, string coordinator, string name, int port, params string[] options)
    {
        ProgramProcess program = CoordinatorProcess.StartWorker(
            directory, coordinator.TrimEnd('/'), name, ["--relay", $"127.0.0.1:{port}", .. options]);
        string address = (await program.LineAsync(@"^relay: workers may join at (\S+)/$")).Groups[1].Value;
        return new RelayProcess(program, address);
    }

    public ValueTask DisposeAsync() => Program.DisposeAsync();
}
