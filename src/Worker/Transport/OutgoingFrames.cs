using System.Threading.Channels;
using Backprop.Protos;
using Grpc.Core;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Worker.Transport;

/// <summary>Frames on their way to the coordinator; one writer writes them in their order.</summary>
internal sealed class OutgoingFrames
{
    private readonly Channel<WorkerFrame> frames =
        Channel.CreateUnbounded<WorkerFrame>(new UnboundedChannelOptions { SingleReader = true });

    public void Add(WorkerFrame frame) => frames.Writer.TryWrite(frame);

    public void Add(WorkerMessage message) => Add(new WorkerFrame(message));

    /// <summary>Nothing more is sent; the stream is completed after what is queued.</summary>
    public void Complete() => frames.Writer.TryComplete();

    public async Task WriteAsync(IClientStreamWriter<WorkerFrame> requests, CancellationToken cancellation)
    {
        await foreach (WorkerFrame frame in frames.Reader.ReadAllAsync(cancellation))
            await requests.WriteAsync(frame, cancellation);
        await requests.CompleteAsync();
    }
}
