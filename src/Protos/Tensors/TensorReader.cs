using System.Buffers;
using Backprop.Core.Model;
using Google.Protobuf;

namespace Backprop.Protos.Tensors;

/// <summary>Reads a header and segments of numbers, each number straight to where it belongs if that is known.</summary>
internal ref struct TensorReader(ReadOnlySequence<byte> content)
{
    private readonly List<TensorPart> parts = new(2);
    private IReadOnlyList<LayerParameters> places = [];
    private RentedFloats? rented;
    private int used;

    /// <exception cref="MalformedMessageException">The bytes are no header with segments.</exception>
    /// <exception cref="InvalidProtocolBufferException">The header's bytes are none.</exception>
    public Frame<TMessage, THeader> Read<TMessage, THeader>(MessageParser<THeader> headers)
        where TMessage : class, IMessage<TMessage>
        where THeader : class, IMessage<THeader>
    {
        try
        {
            // First the whole header, wherever it stands: it says where the numbers belong.
            THeader header = ReadHeader(headers);
            places = TensorPlaces.Of(header);
            ReadSegments();
            return new Frame<TMessage, THeader>(header, parts, rented);
        }
        catch
        {
            rented?.Return();
            throw;
        }
    }

    private readonly THeader ReadHeader<THeader>(MessageParser<THeader> headers)
        where THeader : class, IMessage<THeader>
    {
        THeader? header = null;
        var reader = new WireReader(content);
        while (!reader.AtEnd)
        {
            (int field, int wireType) = reader.ReadTag();
            if (field == Weights.HeaderFieldNumber && wireType == WireReader.LengthDelimited)
                header = Merged(header, headers.ParseFrom(reader.ReadBytes()));
            else
                reader.Skip(wireType);
        }

        return header ?? throw new MalformedMessageException("tensors without a header");
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

    private void ReadSegments()
    {
        var reader = new WireReader(content);
        while (!reader.AtEnd)
        {
            (int field, int wireType) = reader.ReadTag();
            if (field == Weights.SegmentsFieldNumber && wireType == WireReader.LengthDelimited)
                parts.Add(ReadSegment(reader.ReadBytes()));
            else
                reader.Skip(wireType);
        }
    }

    private TensorPart ReadSegment(ReadOnlySequence<byte> segment)
    {
        int layer = 0, offset = 0;
        ReadOnlySequence<byte> values = default;
        var reader = new WireReader(segment);
        while (!reader.AtEnd)
        {
            (int field, int wireType) = reader.ReadTag();
            if (field == TensorSegment.LayerFieldNumber && wireType == 0)
                layer = Bounded(reader.ReadVarint());
            else if (field == TensorSegment.OffsetFieldNumber && wireType == 0)
                offset = Bounded(reader.ReadVarint());
            else if (field == TensorSegment.ValuesFieldNumber && wireType == WireReader.LengthDelimited)
                values = reader.ReadBytes();
            else
                reader.Skip(wireType);
        }

        if (values.Length % sizeof(float) != 0)
            throw new MalformedMessageException($"{values.Length} bytes of numbers, which are 4 bytes each");
        Memory<float> place = PlaceOf(layer, offset, (int)(values.Length / sizeof(float)));
        WireReader.CopyFloats(values, place.Span);
        return new TensorPart(layer, offset, place);
    }

    private Memory<float> PlaceOf(int layer, int offset, int count)
    {
        if (layer < places.Count && offset <= places[layer].Count - count)
            return places[layer].Numbers.Slice(offset, count);

        // All numbers together are fewer than the bytes that are here.
        rented ??= new RentedFloats((int)(content.Length / sizeof(float)));
        Memory<float> place = rented.Values.AsMemory(used, count);
        used += count;
        return place;
    }

    private static int Bounded(ulong value) => value <= int.MaxValue
        ? (int)value
        : throw new MalformedMessageException($"a layer or offset of {value}");
}
