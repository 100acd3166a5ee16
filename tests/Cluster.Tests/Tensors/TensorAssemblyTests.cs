using Backprop.Core.Data;
using Backprop.Core.Model;
using Backprop.Protos.Tensors;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>Two layers: 0 is 3x2 weights and 3 biases, 9 numbers; 1 is 2x3 and 2, 8 numbers.</summary>
public sealed class TensorAssemblyTests
{
    private readonly LayerParameters[] layers = [new(3, 2), new(2, 3)];

    [Fact]
    public void Accept_Weights_StandColumnAfterColumnThenBiases()
    {
        var assembly = new TensorAssembly(descending: false);
        assembly.Begin(layers);
        Assert.False(assembly.Accept(Part(0, 0, 1, 2, 3, 4)));
        Assert.False(assembly.Accept(Part(0, 4, 5, 6, 7)));
        Assert.Equal(0, assembly.CompleteLayers);
        Assert.False(assembly.Accept(Part(0, 7, 8, 9)));
        Assert.Equal(1, assembly.CompleteLayers);
        Assert.True(assembly.IsActive);
        Assert.True(assembly.Accept(Part(1, 0, 11, 12, 13, 14, 15, 16, 17, 18)));

        // training.proto: column k holds the weights from neuron k, then come the biases.
        Assert.Equal([1f, 2, 3], layers[0].Weights.Column(0).ToArray());
        Assert.Equal([4f, 5, 6], layers[0].Weights.Column(1).ToArray());
        Assert.Equal([7f, 8, 9], layers[0].Biases.Values.ToArray());
        Assert.Equal([15f, 16], layers[1].Weights.Column(2).ToArray());
        Assert.Equal([17f, 18], layers[1].Biases.Values.ToArray());
        Assert.Equal(2, assembly.CompleteLayers);
        Assert.False(assembly.IsActive);
    }

    [Fact]
    public void Accept_CutAnywhere_EveryNumberOnce()
    {
        var random = new RandomSource(seed: 6, stream: 0);
        for (int i = 0; i < 500; i++)
        {
            bool descending = i % 2 == 0;
            LayerParameters[] received = [new(3, 2), new(2, 3), new(1, 2)];
            var assembly = new TensorAssembly(descending);
            assembly.Begin(received);
            bool whole = false;
            foreach (int layer in descending ? new[] { 2, 1, 0 } : [0, 1, 2])
            {
                for (int offset = 0; offset < received[layer].Count;)
                {
                    Assert.False(whole);
                    int count = random.NextInt(received[layer].Count - offset + 1);
                    whole = assembly.Accept(new TensorPart(layer, offset, Numbers(layer, offset, count)));
                    offset += count;
                }
            }

            Assert.True(whole);
            for (int layer = 0; layer < received.Length; layer++)
                Assert.Equal(Numbers(layer, 0, received[layer].Count), received[layer].Numbers.ToArray());
        }
    }

    [Theory]
    [InlineData(false, 1, 0, 1, "numbers [0, 1) of layer 1 where layer 0 of 3x2 weights and 3 biases goes on at number 4 of 9")]
    [InlineData(false, 0, 5, 1, "numbers [5, 6) of layer 0 where layer 0 of 3x2 weights and 3 biases goes on at number 4 of 9")] // a gap
    [InlineData(false, 0, 3, 2, "numbers [3, 5) of layer 0")] // an overlap
    [InlineData(false, 0, 0, 4, "numbers [0, 4) of layer 0")] // again
    [InlineData(false, 0, 4, 6, "numbers [4, 10) of layer 0")] // longer than the layer
    [InlineData(false, 0, 9, 0, "numbers [9, 9) of layer 0")] // beyond the end
    [InlineData(false, 0, int.MaxValue, 1, "numbers [2147483647, 2147483648) of layer 0")]
    [InlineData(false, -1, 4, 1, "of layer -1")]
    [InlineData(false, 0, -1, 1, "numbers [-1, 0)")]
    [InlineData(false, int.MaxValue, 4, 1, "of layer 2147483647")]
    [InlineData(true, 0, 0, 1, "numbers [0, 1) of layer 0 where layer 1 of 2x3 weights and 2 biases goes on at number 4 of 8")]
    public void Accept_NotThePartThatComesNext_IsRefusedWithBothShapes(bool descending, int layer, int offset, int count, string why)
    {
        var assembly = new TensorAssembly(descending);
        assembly.Begin(layers);
        assembly.Accept(Part(descending ? 1 : 0, 0, 1, 2, 3, 4));

        MalformedMessageException error = Assert.Throws<MalformedMessageException>(
            () => assembly.Accept(new TensorPart(layer, offset, new float[count])));

        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Contains(" weights and ", error.Message, StringComparison.Ordinal);
        Assert.True(assembly.IsActive);
        Assert.False(assembly.Accept(Part(descending ? 1 : 0, 4, 5)));
    }

    [Fact]
    public void Accept_AfterTheLast_IsRefused()
    {
        var assembly = new TensorAssembly(descending: false);
        assembly.Begin(layers);
        assembly.Accept(new TensorPart(0, 0, new float[9]));
        assembly.Accept(new TensorPart(1, 0, new float[8]));
        MalformedMessageException error = Assert.Throws<MalformedMessageException>(
            () => assembly.Accept(new TensorPart(1, 8, default)));
        Assert.Equal("numbers of layer 1 after the last layer was complete", error.Message);
    }

    [Fact]
    public void Begin_AfterAPart_StartsAnew()
    {
        var assembly = new TensorAssembly(descending: true);
        Assert.Throws<MalformedMessageException>(() => assembly.Accept(new TensorPart(1, 0, new float[1])));
        assembly.Begin(layers);
        assembly.Accept(new TensorPart(1, 0, new float[8]));
        assembly.Abandon();
        Assert.False(assembly.IsActive);
        Assert.Throws<MalformedMessageException>(() => assembly.Accept(new TensorPart(0, 0, new float[1])));
        assembly.Begin(layers);
        Assert.Equal(0, assembly.CompleteLayers);
        Assert.False(assembly.Accept(new TensorPart(1, 0, new float[8])));
        Assert.True(assembly.Accept(new TensorPart(0, 0, new float[9])));
    }

    private static TensorPart Part(int layer, int offset, params float[] values) => new(layer, offset, values);

    private static float[] Numbers(int layer, int offset, int count) =>
        [.. Enumerable.Range(offset, count).Select(number => (float)((100 * layer) + number))];
}
