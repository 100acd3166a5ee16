using Google.Protobuf;

namespace Backprop.Protos.Tensors;

/// <summary>
/// One message of the stream: either a control message as protobuf generates it, or a header with parts of tensors that
/// are written from, and read into, arrays of floats directly. On the wire both are the messages of training.proto.
/// </summary>
/// <typeparam name="TMessage">WorkerMessage or CoordinatorMessage.</typeparam>
/// <typeparam name="THeader">NodeHeader or WeightsHeader.</typeparam>
public sealed class Frame<TMessage, THeader>
    where TMessage : class, IMessage<TMessage>
    where THeader : class, IMessage<THeader>
{
    public Frame(TMessage message)
    {
        Message = message;
        Parts = [];
    }

    /// <param name="rented">The pooled array behind parts of a received frame that had no place of their own; null where all had one, and in a frame to be sent.</param>
    public Frame(THeader header, IReadOnlyList<TensorPart> parts, RentedFloats? rented = null)
    {
        Header = header;
        Parts = parts;
        Rented = rented;
    }

    /// <summary>The control message; null in a frame of tensors.</summary>
    public TMessage? Message { get; }

    /// <summary>The header of a frame of tensors; null in a control message.</summary>
    public THeader? Header { get; }

    public IReadOnlyList<TensorPart> Parts { get; }

    /// <summary>Behind parts of a received frame: to be returned once they are copied.</summary>
    public RentedFloats? Rented { get; }

    /// <summary>Set in a frame that another follows at once: it need not be flushed by itself.</summary>
    public bool MoreFollows { get; init; }

    /// <summary>Called when the frame's numbers have been copied out, so that their arrays may change again.</summary>
    public Action? Sent { get; init; }
}
