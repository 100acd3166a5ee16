using System.Globalization;
using Backprop.Scale.Simulation;

namespace Backprop.Scale.Check;

/// <summary>The programs of one run, each on a machine of the network; they end with this.</summary>
/// <param name="milliseconds">By which everything between two machines is delayed, one way.</param>
internal sealed class RunMachines(SharedLink network, string directory, double milliseconds, CancellationToken cancellation) : IAsyncDisposable
{
    private readonly List<RunProcess> processes = [];

    public RunProcess Start(string program, int machine, IReadOnlyList<string> arguments)
    {
        RunProcess process = RunProcess.Start(program, network.On(machine), arguments);
        processes.Add(process);
        return process;
    }

    /// <summary>Starts workers and relays, from the coordinator down, and returns when every relay has those that belong to it.</summary>
    public async Task JoinAsync(Topology topology, string coordinatorPort)
    {
        var joined = new Dictionary<int, (int Machine, string Port, RunProcess? Relay)> { [Topology.Coordinator] = (0, coordinatorPort, null) };
        var awaited = new List<(RunProcess Relay, string Worker)>();
        int machine = 0;
        for (int i = 0; i < topology.Places.Count; i++)
        {
            Place place = topology.Places[i];
            if (place.IsRelaysOwn)
                continue;
            machine++;
            (int above, string port, RunProcess? relay) = joined[place.Parent];
            string name = $"worker-{machine}";
            RunProcess worker = await StartWorkerAsync(name, machine, $"{SharedLink.AddressOf(above)}:{port}", place.IsRelay);
            if (relay is not null)
                awaited.Add((relay, name));
            if (place.IsRelay)
                joined[i] = (machine, (await worker.FindAsync(@"relay: workers may join at https://[^:]+:(\d+)", cancellation)).Groups[1].Value, worker);
        }

        foreach ((RunProcess relay, string worker) in awaited)
            await relay.FindAsync($"relay: worker {worker} joined", cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RunProcess process in processes)
            await process.DisposeAsync();
    }

    private async Task<RunProcess> StartWorkerAsync(string name, int machine, string address, bool isRelay)
    {
        if (milliseconds > 0)
        {
            string delay = milliseconds.ToString(CultureInfo.InvariantCulture);
            await Start("Scale", machine, [DelayLine.Command, address, delay]).FindAsync(DelayLine.Ready, cancellation);
            address = DelayLine.Address;
        }

        // Memory is offered to nobody from another machine: tensors go by gRPC but for those of a relay's own worker.
        string[] asRelay = ["--relay", "0.0.0.0:0", "--relay-cert-file", RunKeys.Certificate(directory), "--relay-key-file", RunKeys.PrivateKey(directory)];
        return Start("Worker", machine,
        [
            "--coordinator", $"https://{address}", "--name", name, "--threads", "1",
            "--ca-file", RunKeys.Authority(directory), "--token-file", RunKeys.Token(directory), "--data-dir", Path.Combine(directory, "data"),
            .. isRelay ? asRelay : [],
        ]);
    }
}
