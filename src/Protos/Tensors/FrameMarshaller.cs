using System.Buffers;
using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Protos.Tensors;

/// <summary>
/// Carries frames in the wire format of training.proto. Control messages are protobuf's own business; tensors are
/// copied once, from the array where they stand into the HTTP/2 writer, and once out of the receive buffer.
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
            var reader = new WireReader(payload);
            if (reader.AtEnd)
                return new Frame<TMessage, THeader>(messages.ParseFrom(payload));
            (int field, int wireType) = reader.ReadTag();
            if (field != tensorField || wireType != WireReader.LengthDelimited)
                return new Frame<TMessage, THeader>(messages.ParseFrom(payload));
            ReadOnlySequence<byte> content = reader.ReadBytes();
            if (!reader.AtEnd)
                throw new MalformedMessageException("more than one message in a message");
            return ReadTensors<TMessage, THeader>(content, headers);
        }
        catch (Exception error) when (error is MalformedMessageException or InvalidProtocolBufferException)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"A message of {payload.Length} bytes is malformed: {error.Message}."));
        }
    }

    private static Frame<TMessage, THeader> ReadTensors<TMessage, THeader>(
        ReadOnlySequence<byte> content, MessageParser<THeader> headers)
        where TMessage : class, IMessage<TMessage>
        where THeader : class, IMessage<THeader>
    {
        THeader? header = null;
        var parts = new List<TensorPart>(2);

        // All numbers together are fewer than the bytes that are here.
        var rented = new RentedFloats((int)(content.Length / sizeof(float)) + 1);
        try
        {
            int used = 0;
            var reader = new WireReader(content);
            while (!reader.AtEnd)
            {
                (int field, int wireType) = reader.ReadTag();
                if (field == Weights.HeaderFieldNumber && wireType == WireReader.LengthDelimited)
                    header = headers.ParseFrom(reader.ReadBytes());
                else if (field == Weights.SegmentsFieldNumber && wireType == WireReader.LengthDelimited)
                    parts.Add(ReadSegment(reader.ReadBytes(), rented.Values, ref used));
                else
                    reader.Skip(wireType);
            }

            if (header is null)
                throw new MalformedMessageException("tensors without a header");
            return new Frame<TMessage, THeader>(header, parts, rented);
        }
        catch
        {
            rented.Return();
            throw;
        }
    }

    private static TensorPart ReadSegment(ReadOnlySequence<byte> content, float[] destination, ref int used)
    {
        int layer = 0, offset = 0;
        Memory<float> values = default;
        var reader = new WireReader(content);
        while (!reader.AtEnd)
        {
            (int field, int wireType) = reader.ReadTag();
            if (field == TensorSegment.LayerFieldNumber && wireType == 0)
                layer = Bounded(reader.ReadVarint());
            else if (field == TensorSegment.OffsetFieldNumber && wireType == 0)
                offset = Bounded(reader.ReadVarint());
            else if (field == TensorSegment.ValuesFieldNumber && wireType == WireReader.LengthDelimited)
                values = ReadValues(reader.ReadBytes(), destination, ref used);
            else
                reader.Skip(wireType);
        }

        return new TensorPart(layer, offset, values);
    }

    private static Memory<float> ReadValues(ReadOnlySequence<byte> bytes, float[] destination, ref int used)
    {
        if (bytes.Length % sizeof(float) != 0)
            throw new MalformedMessageException($"{bytes.Length} bytes of numbers, which are 4 bytes each");
        int count = (int)(bytes.Length / sizeof(float));
        Memory<float> values = destination.AsMemory(used, count);
        WireReader.CopyFloats(bytes, values.Span);
        used += count;
        return values;
    }

    private static int Bounded(ulong value) => value <= int.MaxValue
        ? (int)value
        : throw new MalformedMessageException($"a layer or offset of {value}");
}
