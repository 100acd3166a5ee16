using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<
    Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;

namespace Backprop.Cluster.Tests.Tensors;

public sealed class TensorFramesTests
{
    [Fact]
    public void Append_SmallLayers_ShareAFrame()
    {
        (List<TensorPart[]> full, List<TensorPart> rest) = Cut(new LayerParameters(30, 64), new LayerParameters(10, 30));
        Assert.Empty(full);
        Assert.Equal(
            [(0, 0, 1950), (1, 0, 310)],
            rest.Select(part => (part.Layer, part.Offset, part.Values.Length)));
    }

    [Theory]
    [InlineData(65_536 - 1, 0)] // one weight a neuron: 65,535 weights are not a full frame yet, the first bias fills it
    [InlineData(65_536, 0)]
    [InlineData(65_537, 0)]
    [InlineData(200_000, 3)]
    public void Append_LargeLayer_IsCutIntoFullFrames(int outputs, int smallerLayersBefore)
    {
        LayerParameters[] layers = [.. Enumerable.Range(0, smallerLayersBefore).Select(_ => new LayerParameters(7, 3)), new(outputs, 1)];
        (List<TensorPart[]> full, List<TensorPart> rest) = Cut(layers);

        int count = layers.Sum(layer => layer.Count);
        Assert.Equal(count / TensorFrames.NumbersAtMost, full.Count);
        Assert.All(full, frame => Assert.Equal(TensorFrames.NumbersAtMost, frame.Sum(part => part.Values.Length)));
        Assert.Equal(count % TensorFrames.NumbersAtMost, TensorFrames.CountOf(rest));
    }

    [Fact]
    public void FullFrame_OfLayersOfOneNeuron_StaysBelowTheMessageLimit()
    {
        // The most that parts can add to their numbers: a weight and a bias of 32,768 layers, each a part.
        float[] number = [1];
        TensorPart[] frame = [.. Enumerable.Range(0, TensorFrames.NumbersAtMost).Select(i => new TensorPart(i / 2, i % 2, number))];
        byte[] bytes = FrameBytes.Of(new CoordinatorFrame(new WeightsHeader { RunId = "0123abcd", Step = ulong.MaxValue }, frame));
        Assert.InRange(bytes.Length, TensorFrames.NumbersAtMost * sizeof(float), ProtocolVersion.MaximumMessageLength);
    }

    [Fact]
    public void Append_Layer_IsNotCopied()
    {
        var layer = new LayerParameters(2, 2);
        (_, List<TensorPart> rest) = Cut(layer);
        layer.Weights.Values[3] = 42;
        Assert.Equal(42, rest[0].Values.Span[3]);
    }

    private static (List<TensorPart[]> Full, List<TensorPart> Left) Cut(params LayerParameters[] layers)
    {
        List<TensorPart[]> full = [];
        List<TensorPart> parts = [];
        for (int layer = 0; layer < layers.Length; layer++)
            TensorFrames.Append(parts, layer, layers[layer], full.Add);
        return (full, parts);
    }
}
