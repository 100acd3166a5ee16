using Backprop.Core;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Backprop.Worker.Transport;
using Grpc.Core;

namespace Backprop.Worker;

/// <summary>One life of a worker after the other: it looks for its coordinator, takes part, and comes back when cut off.</summary>
internal sealed class WorkerLives(TrainingWorker worker, CoordinatorLink link, Action<string> notice, TimeProvider time)
{
    /// <summary>A name is refused for so long before the worker believes that its holder lives.</summary>
    private static readonly TimeSpan NamePatience = TimeSpan.FromSeconds(15);

    private long firstNameRefusal;

    /// <summary>Until the run is over, or a stop is asked for.</summary>
    /// <exception cref="UserErrorException">The coordinator refuses the worker.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        var delay = new ReconnectDelay();
        bool toldWaiting = false;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                RunEnded? end = await worker.TakePartAsync(stop);
                if (end is { Status: not "interrupted" })
                {
                    notice($"the run is over: {end.Status}{(end.Reason.Length == 0 ? "" : $" ({end.Reason})")}");
                    return;
                }

                delay.Reset();
                toldWaiting = false;
                firstNameRefusal = 0;
            }
            catch (RpcException error) when (!IsFinal(error))
            {
                // It had found its coordinator meanwhile: that it waits again is news.
                toldWaiting &= !worker.WasWelcomed;
                if (!toldWaiting && !stop.IsCancellationRequested)
                    notice($"waiting for the coordinator at {link.Address} ({LinkFailure.Describe(error, link.Address, worker.WasWelcomed)})");
                toldWaiting = true;
            }
            catch (RpcException error)
            {
                throw new UserErrorException($"The coordinator at {link.Address} refuses this worker: {error.Status.Detail}", error);
            }
            catch (OperationCanceledException)
            {
            }
            catch (MalformedMessageException error)
            {
                throw new UserErrorException($"The coordinator at {link.Address} does not keep to the protocol: {error.Message}.", error);
            }

            link.Renew();
            if (!stop.IsCancellationRequested)
                await Task.Delay(delay.Next(), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Whether a new try would end the same way.</summary>
    private bool IsFinal(RpcException error)
    {
        if (worker.WasWelcomed)
            firstNameRefusal = 0;
        if (error.StatusCode == StatusCode.AlreadyExists)
        {
            if (firstNameRefusal == 0)
                firstNameRefusal = time.GetTimestamp();
            return time.GetElapsedTime(firstNameRefusal) > NamePatience;
        }

        return error.StatusCode is StatusCode.FailedPrecondition or StatusCode.InvalidArgument
            or StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.Unimplemented;
    }
}
