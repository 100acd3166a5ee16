using Backprop.Protos;
using Grpc.Core;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>What a worker's call brings: one frame, and then its end.</summary>
internal sealed class OneFrame(WorkerFrame frame) : IAsyncStreamReader<WorkerFrame>
{
    private bool isRead;

    public OneFrame(WorkerMessage message)
        : this(new WorkerFrame(message))
    {
    }

    public WorkerFrame Current => frame;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        bool isFirst = !isRead;
        isRead = true;
        return Task.FromResult(isFirst);
    }
}
