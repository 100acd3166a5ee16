using System.Net;
using System.Net.Sockets;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Network;

/// <summary>
/// A way to a coordinator that a test can break: it forwards the bytes of TCP connections. Connections that met a fault
/// stay lost; <see cref="Mend"/> lets new ones through.
/// </summary>
internal sealed class FaultyLink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Lock gate = new();
    private readonly List<LinkConnection> connections = [];
    private readonly int coordinatorPort;
    private readonly LinkPace pace;
    private readonly Task accepting;
    private LinkFault? fault;
    private Plan? plan;

    private FaultyLink(string coordinator, LinkPace pace)
    {
        coordinatorPort = new Uri(coordinator).Port;
        this.pace = pace;
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Where a worker calls, to come to the coordinator.</summary>
    public string Address => $"http://{listener.LocalEndpoint}";

    /// <summary>Bytes that the coordinator was brought.</summary>
    public long Carried { get; private set; }

    public static FaultyLink To(string coordinator, LinkPace? pace = null) => new(coordinator, pace ?? LinkPace.Free);

    /// <summary>Breaks all connections, and those that are made before it is mended.</summary>
    public void Break(LinkFault how)
    {
        lock (gate)
        {
            plan = null;
            fault = how;
            foreach (LinkConnection connection in connections)
                connection.Break(how);
        }
    }

    /// <summary>Lets so many more bytes through, and breaks.</summary>
    /// <returns>Completes when it is broken.</returns>
    public Task BreakAfter(Way way, int bytes, LinkFault how)
    {
        lock (gate)
        {
            plan = new Plan(way, how) { Left = bytes };
            return plan.Carried.Task.WaitAsync(ProgramProcess.Deadline);
        }
    }

    /// <summary>From now on new connections are whole.</summary>
    public void Mend()
    {
        lock (gate)
            fault = null;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Dispose();
        await accepting;
        LinkConnection[] all;
        lock (gate)
            all = [.. connections];
        foreach (LinkConnection connection in all)
            await connection.DisposeAsync();
        ending.Dispose();
    }

    /// <summary>How many of these bytes go through; after them the link breaks.</summary>
    private int Pass(Way way, int bytes)
    {
        lock (gate)
        {
            int passed = plan is { } next && next.Way == way ? Math.Min(bytes, next.Left) : bytes;
            if (way == Way.ToCoordinator)
                Carried += passed;
            if (plan?.Way == way)
                plan.Left -= passed;
            return passed;
        }
    }

    /// <summary>Called once what passed has been sent on.</summary>
    private void Passed(Way way)
    {
        Plan? due;
        lock (gate)
            due = plan is { Left: 0 } && plan.Way == way ? plan : null;
        if (due is null)
            return;
        Break(due.Fault);
        due.Carried.TrySetResult();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket worker = await listener.AcceptSocketAsync(ending.Token);
                var coordinator = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                worker.NoDelay = true;
                try
                {
                    await coordinator.ConnectAsync(new IPEndPoint(IPAddress.Loopback, coordinatorPort), ending.Token);
                }
                catch (SocketException)
                {
                    worker.Dispose();
                    coordinator.Dispose();
                    continue;
                }

                lock (gate)
                {
                    var connection = new LinkConnection(worker, coordinator, pace, Pass, Passed);
                    if (fault is { } present)
                        connection.Break(present);
                    connections.Add(connection);
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private sealed record Plan(Way Way, LinkFault Fault)
    {
        public int Left { get; set; }

        public TaskCompletionSource Carried { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
