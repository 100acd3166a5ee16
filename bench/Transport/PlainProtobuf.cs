using System.Runtime.InteropServices;
using Backprop.Core.Model;
using Backprop.Protos;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Backprop.Transport;

/// <summary>A model's numbers in protobuf's own <c>bytes</c> fields, a segment a layer, as the generated classes have them.</summary>
internal sealed class PlainProtobuf
{
    private readonly float[][] layers;

    public PlainProtobuf(NetworkShape shape)
    {
        layers = [.. shape.Sizes.Zip(shape.Sizes.Skip(1), (inputs, outputs) => new float[(inputs + 1) * outputs])];
        foreach (float[] layer in layers)
            Array.Fill(layer, 0.5f);
    }

    public void Write(RepeatedField<TensorSegment> segments)
    {
        for (int layer = 0; layer < layers.Length; layer++)
        {
            segments.Add(new TensorSegment
            {
                Layer = (uint)layer,
                Values = ByteString.CopyFrom(MemoryMarshal.AsBytes(layers[layer].AsSpan())),
            });
        }
    }

    public void Read(RepeatedField<TensorSegment> segments)
    {
        foreach (TensorSegment segment in segments)
            segment.Values.Span.CopyTo(MemoryMarshal.AsBytes(layers[segment.Layer].AsSpan()));
    }
}
