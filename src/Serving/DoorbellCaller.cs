using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;
using Grpc.Core;

namespace Backprop.Serving;

/// <summary>A worker at its doorbell: what it sends goes to its connection, until something comes that does not fit.</summary>
/// <param name="take">Is given each message; may throw <see cref="RpcException"/> or <see cref="MalformedMessageException"/>.</param>
/// <param name="close">Ends the worker's call with a status.</param>
internal sealed class DoorbellCaller(Doorbell bell, string name, Action<WorkerMessage> take, Action<Status> close)
{
    private volatile bool isOver;

    public string Name => name;

    /// <summary>Takes the next message, and does what comes of it.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryTake(EventQueue events)
    {
        if (isOver)
            return false;
        try
        {
            if (bell.TryReceive(WorkerMessage.Parser) is not { } message)
                return false;
            take(message);
            events.Work();
            return true;
        }
        catch (RpcException error)
        {
            End(error.Status);
        }
        catch (MalformedMessageException error)
        {
            End(new Status(StatusCode.InvalidArgument, $"Worker {name} sent by its doorbell {error.Message}."));
        }

        return false;
    }

    /// <inheritdoc cref="Doorbell.WakeUp"/>
    public void WakeUp() => bell.WakeUp();

    /// <summary>Has the worker ring for what it sends from now on.</summary>
    /// <returns>False when something that is to be taken has come meanwhile.</returns>
    public bool TryFallAsleep() => isOver || bell.TryFallAsleep();

    /// <inheritdoc cref="Doorbell.Sleep"/>
    public bool Sleep() => bell.Sleep();

    private void End(Status why)
    {
        isOver = true;
        close(why);
    }
}
