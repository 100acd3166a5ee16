using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Protos;
using Backprop.Worker.Transport;

namespace Backprop.Worker.Relay;

/// <summary>A relay's own computing: a worker in its process that joins it as the others do.</summary>
internal sealed class OwnWorker : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly CoordinatorLink link;
    private readonly Task living;

    /// <param name="options">The relay's own.</param>
    /// <param name="relay">Where it is joined, without TLS.</param>
    /// <param name="identity">What the relay says of itself to its coordinator.</param>
    public OwnWorker(WorkerOptions options, Uri relay, JoinRequest identity, Dataset dataset, ThreadTeam team, Action<string> notice, TimeProvider time)
    {
        link = new CoordinatorLink(options with { Coordinator = relay, AuthorityFile = null, CertificateFile = null, KeyFile = null });
        var worker = new TrainingWorker(
            link, identity, new DatasetSource(DatasetCache.DefaultDirectory, notice, dataset),
            place => Task.FromResult<INodeSource>(new NodeComputer(place, team)), Ignore, time);
        living = LiveAsync(new WorkerLives(worker, link, Ignore, time), notice);
    }

    /// <summary>Returns when it is gone.</summary>
    public async Task EndAsync()
    {
        await stop.CancelAsync();
        await living;
    }

    public void Dispose()
    {
        stop.Dispose();
        link.Dispose();
    }

    private async Task LiveAsync(WorkerLives lives, Action<string> notice)
    {
        try
        {
            await lives.RunAsync(stop.Token);
        }
        catch (UserErrorException error)
        {
            notice($"relay: this process computes nothing itself ({error.Message})");
        }
    }

    private static void Ignore(string line)
    {
        // That it joined and left its own process is no news.
    }
}
