using Backprop.Protos.Tensors;
using Grpc.Core;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>What goes out by a worker's call.</summary>
internal sealed class SentFrames : IServerStreamWriter<CoordinatorFrame>
{
    public List<CoordinatorFrame> Frames { get; } = [];

    /// <summary>The weights in them, as they were when they went.</summary>
    public List<float> Numbers { get; } = [];

    public WriteOptions? WriteOptions { get; set; }

    public Task WriteAsync(CoordinatorFrame message)
    {
        Frames.Add(message);
        foreach (TensorPart part in message.Parts)
            Numbers.AddRange(part.Values.ToArray());
        return Task.CompletedTask;
    }

    public Task WriteAsync(CoordinatorFrame message, CancellationToken cancellationToken) => WriteAsync(message);
}
