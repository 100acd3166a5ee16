using System.Buffers;
using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Protos.Tensors;

/// <summary>
/// Carries frames in the wire format of training.proto. Control messages are protobuf's own business; tensors are
/// copied once, from the array where they stand into the HTTP/2 writer, and on the way in out of the receive buffer into an array that is used again, and from there to where they belong.
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
                return ReadTensors<TMessage, THeader>(content, headers);
            TMessage message = messages.ParseFrom(payload);
            return message.Descriptor.FindFieldByNumber(tensorField).Accessor.GetValue(message) is IMessage tensors
                ? ReadTensors<TMessage, THeader>(new ReadOnlySequence<byte>(tensors.ToByteArray()), headers)
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
                    header = Merged(header, headers.ParseFrom(reader.ReadBytes()));
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

    /// <summary>A message that comes twice is, in protobuf, one whose later fields count.</summary>
    private static THeader Merged<THeader>(THeader? before, THeader next)
        where THeader : class, IMessage<THeader>
    {
        if (before is null)
            return next;
        before.MergeFrom(next);
        return before;
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
