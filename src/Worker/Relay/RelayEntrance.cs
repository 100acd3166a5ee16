using System.Net;
using System.Net.Sockets;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Serving;

namespace Backprop.Worker.Relay;

/// <summary>Where a relay's workers join: opened for each of its lives, on the same port.</summary>
/// <param name="fingerprint">The relay's own arithmetic, which a worker must have too unless the coordinator admits any.</param>
internal sealed class RelayEntrance(RelayOptions options, string? token, string fingerprint, Action<string> notice, TimeProvider time)
{
    private EntranceAddress entrance = new(
        new IPEndPoint(options.Listen.Address, options.Listen.Port), options.CertificateFile, options.KeyFile, options.ClientAuthorityFile, token);

    private SharedWeights? weights;
    private bool isTold;

    /// <exception cref="UserErrorException">The address cannot be opened.</exception>
    public async Task<(RunSession Session, WorkerServer Server)> OpenAsync(Welcome run, Dataset dataset)
    {
        RunSession session = RunSession.Open(ForWorkers(run), NetworkShape.Parse(run.Layers), dataset, run.AnyArithmetic ? null : fingerprint, new HashSet<string>(), time);

        // Its memory stays for good, and each life that took its own would add to it.
        weights = weights?.Shape.ToString() == session.Shape.ToString() ? weights : session.Weights;
        session = session with { Weights = weights };
        WorkerServer server;
        try
        {
            server = await WorkerServer.StartAsync(entrance, session, new AccessLog(notice));
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            throw new UserErrorException(
                $"--relay {entrance.Address} cannot be opened ({error.GetBaseException().Message}); give --relay another address, or port 0 for any free one.", error);
        }

        // Workers come back to the address that they know.
        entrance = entrance with { Address = new IPEndPoint(entrance.Address.Address, server.Address.Port) };
        if (!isTold)
            notice($"relay: workers may join at {server.Address}");
        isTold = true;
        return (session, server);
    }

    /// <summary>The run as it is, with what only two neighbours have in common put right.</summary>
    private static Welcome ForWorkers(Welcome run)
    {
        Welcome welcome = run.Clone();
        welcome.SharedMemory = null;
        welcome.Trace = false;
        welcome.HeartbeatIntervalMs = (uint)RunSession.HeartbeatInterval.TotalMilliseconds;
        welcome.SilenceLimitMs = (uint)RunSession.SilenceLimit.TotalMilliseconds;
        return welcome;
    }
}
