using System.Security.Cryptography;
using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Training;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Backprop.Worker.Transport;
using Grpc.Core;

namespace Backprop.Worker;

/// <summary>A worker's life from start to end: it looks for its coordinator, takes part, and comes back when cut off.</summary>
internal static class WorkerProgram
{
    /// <summary>A name is refused for so long before the worker believes that its holder lives.</summary>
    private static readonly TimeSpan NamePatience = TimeSpan.FromSeconds(15);

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
        var worker = new TrainingWorker(
            link, identity, team, options.DataDirectory ?? DatasetCache.DefaultDirectory, Notice, time);
        var delay = new ReconnectDelay();
        bool toldWaiting = false;
        long firstNameRefusal = 0;

        // A worker that waits for its coordinator is as ready as it can be.
        ServiceNotifier.Ready();
        using CancellationTokenRegistration stopping = stop.Register(ServiceNotifier.Stopping);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                RunEnded? end = await worker.TakePartAsync(stop);
                if (end is { Status: not "interrupted" })
                {
                    Notice($"the run is over: {end.Status}");
                    return 0;
                }

                delay.Reset();
                toldWaiting = false;
                firstNameRefusal = 0;
            }
            catch (RpcException error) when (!IsFinal(error, ref firstNameRefusal, time))
            {
                if (!toldWaiting && !stop.IsCancellationRequested)
                    Notice($"waiting for the coordinator at {options.Coordinator} ({LinkFailure.Describe(error, options.Coordinator, worker.WasWelcomed)})");
                toldWaiting = true;
            }
            catch (RpcException error)
            {
                throw new UserErrorException($"The coordinator at {options.Coordinator} refuses this worker: {error.Status.Detail}", error);
            }
            catch (OperationCanceledException)
            {
            }
            catch (MalformedMessageException error)
            {
                throw new UserErrorException($"The coordinator at {options.Coordinator} does not keep to the protocol: {error.Message}.", error);
            }

            link.Renew();
            if (!stop.IsCancellationRequested)
                await Task.Delay(delay.Next(), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return 0;
    }

    /// <summary>Whether a new try would end the same way.</summary>
    private static bool IsFinal(RpcException error, ref long firstNameRefusal, TimeProvider time)
    {
        if (error.StatusCode == StatusCode.AlreadyExists)
        {
            if (firstNameRefusal == 0)
                firstNameRefusal = time.GetTimestamp();
            return time.GetElapsedTime(firstNameRefusal) > NamePatience;
        }

        return error.StatusCode is StatusCode.FailedPrecondition or StatusCode.InvalidArgument
            or StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.Unimplemented;
    }

    private static void Notice(string line)
    {
        Console.Error.WriteLine(line);
        ServiceNotifier.Status(line);
    }
}
