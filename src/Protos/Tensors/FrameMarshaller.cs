using System.Buffers;
using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Protos.Tensors;

/// <summary>
/// Carries frames in the wire format of training.proto. Control messages are protobuf's own business; tensors are
/// copied once each way: from the array where they stand into the HTTP/2 writer, and out of the receive buffer to where they belong (<see cref="TensorPlaces"/>).
/// </summary>
public static class FrameMarshaller
{
    /// <param name="tensorField">The number of the field in TMessage that holds a header and segments.</param>
    public static Marshaller<Frame<TMessage, THeader>> Create<TMessage, THeader>(
        int tensorField, MessageParser<TMessage> messages, MessageParser<THeader> headers)
        where TMessage : class, IMessage<TMessage>
        where THeader : class, IMessage<THeader>
    {
        return new Marshaller<Frame<TMessage, THeader>>(
            (frame, context) =>
            {
                FrameWriter.Write(frame.Message, frame.Header, frame.Parts, tensorField, context);
                frame.Sent?.Invoke();
            },
            context => Read(context.PayloadAsReadOnlySequence(), tensorField, messages, headers));
    }

    /// <summary>A message from its bytes.</summary>
    /// <exception cref="RpcException">INVALID_ARGUMENT: the bytes are no such message.</exception>
    public static Frame<TMessage, THeader> Read<TMessage, THeader>(
        ReadOnlySequence<byte> payload, int tensorField, MessageParser<TMessage> messages,
        MessageParser<THeader> headers)
        where TMessage : class, IMessage<TMessage>
        where THeader : class, IMessage<THeader>
    {
        try
        {
            if (IsTensorsAlone(payload, tensorField, out ReadOnlySequence<byte> content))
                return new TensorReader(content).Read<TMessage, THeader>(headers);
            TMessage message = messages.ParseFrom(payload);
            return message.Descriptor.FindFieldByNumber(tensorField).Accessor.GetValue(message) is IMessage tensors
                ? new TensorReader(new ReadOnlySequence<byte>(tensors.ToByteArray())).Read<TMessage, THeader>(headers)
                : new Frame<TMessage, THeader>(message);
        }
        catch (Exception error) when (error is MalformedMessageException or InvalidProtocolBufferException)
        {
            throw MessageMarshaller.Refused(payload.Length, error);
        }
    }

    /// <summary>
    /// Whether the field of tensors is all there is, as every writer has it. Another order of fields, fields of a later
    /// version, and one field twice are allowed too: protobuf itself settles those.
    /// </summary>
    private static bool IsTensorsAlone(ReadOnlySequence<byte> payload, int tensorField, out ReadOnlySequence<byte> content)
    {
        content = default;
        var reader = new WireReader(payload);
        if (reader.AtEnd || reader.ReadTag() != (tensorField, WireReader.LengthDelimited))
            return false;
        content = reader.ReadBytes();
        return reader.AtEnd;
    }
}
