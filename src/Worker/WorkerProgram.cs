using System.Security.Cryptography;
using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Training;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Serving;
using Backprop.Worker.Relay;
using Backprop.Worker.Transport;

namespace Backprop.Worker;

/// <summary>A worker's life from start to end: it looks for its coordinator, takes part, and comes back when cut off.</summary>
internal static class WorkerProgram
{
    /// <returns>The exit code: 0 at the end of the run, or when asked to stop.</returns>
    /// <exception cref="UserErrorException">A file that the options name cannot be used, or the coordinator refuses the worker.</exception>
    public static async Task<int> RunAsync(WorkerOptions options, CancellationToken stop)
    {
        using ParentWatch? parent = options.EndWithInput ? new ParentWatch() : null;
        stop = parent?.Ended ?? stop;
        TimeProvider time = TimeProvider.System;
        using var link = new CoordinatorLink(options);
        using var team = new ThreadTeam(options.Threads);
        var identity = new JoinRequest
        {
            ProtocolVersion = ProtocolVersion.Current,
            Name = options.Name,
            Incarnation = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
            Threads = (uint)options.Threads,
            SharedMemory = options.UsesSharedMemory,
            ArithmeticFingerprint = ArithmeticFingerprint.Compute(),
            ProgramVersion = typeof(WorkerProgram).Assembly.GetName().Version?.ToString(3) ?? "",
        };
        var datasets = new DatasetSource(options.DataDirectory ?? DatasetCache.DefaultDirectory, Notice);
        var worker = new TrainingWorker(link, identity, datasets, NodesOf(options, identity, team, time), Notice, time);

        // A worker that waits for its coordinator is as ready as it can be.
        ServiceNotifier.Ready();
        using CancellationTokenRegistration stopping = stop.Register(ServiceNotifier.Stopping);
        await new WorkerLives(worker, link, Notice, time).RunAsync(stop);
        return 0;
    }

    private static Func<RunPlace, Task<INodeSource>> NodesOf(WorkerOptions options, JoinRequest identity, ThreadTeam team, TimeProvider time)
    {
        if (options.Relay is null)
            return place => Task.FromResult<INodeSource>(new NodeComputer(place, team));

        // It makes such files as a coordinator does, on a machine that may never have one to delete what a killed one has left.
        SharedDirectory.Sweep();
        var entrance = new RelayEntrance(
            options.Relay, options.TokenFile is null ? null : TokenFile.Read(options.TokenFile), identity.ArithmeticFingerprint, Notice, time);
        return async place =>
        {
            (RunSession session, WorkerServer server) = await entrance.OpenAsync(place.Run, place.Dataset);
            var own = new OwnWorker(options, server.LocalAddress, identity, place.Dataset, team, Notice, time);
            return new NodeRelay(place, session, server, own, Notice);
        };
    }

    private static void Notice(string line)
    {
        Console.Error.WriteLine(line);
        ServiceNotifier.Status(line);
    }
}
