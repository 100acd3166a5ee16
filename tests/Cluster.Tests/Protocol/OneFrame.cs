using Backprop.Protos;
using Grpc.Core;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>What a call brings: one frame, which is read when it is asked for as gRPC does, and then its end.</summary>
internal class OneFrame<T>(Func<T> read) : IAsyncStreamReader<T>
    where T : class
{
    private T? current;

    public T Current => current!;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        bool isFirst = current is null;
        current ??= read();
        return Task.FromResult(isFirst);
    }
}

/// <summary>What a worker's call brings.</summary>
internal sealed class OneFrame(WorkerFrame frame) : OneFrame<WorkerFrame>(() => frame)
{
    public OneFrame(WorkerMessage message)
        : this(new WorkerFrame(message))
    {
    }
}
