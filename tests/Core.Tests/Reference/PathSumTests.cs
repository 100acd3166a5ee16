using System.Numerics;
using Backprop.Core.Reference;

namespace Backprop.Core.Tests.Reference;

public sealed class PathSumTests
{
    /// <summary>
    /// 3-4-3-2: from the first layer's 4·(3 + 1) = 16 weights and biases 3·2 = 6 paths each, from the second's 3·5 = 15
    /// two each, from the last one's 2·4 = 8 one each: 96 + 30 + 8 = 134 an example.
    /// </summary>
    [Fact]
    public void Gradient_SigmoidNetwork_WalksEveryPathOnce()
    {
        var test = new ReferenceCase("3-4-3-2", "sigmoid,sigmoid,sigmoid", "quadratic", 5, Seed: 1);

        PathSum.Gradient(test.Network, test.Batch, out long walked);

        Assert.Equal(5 * 134, walked);
        Assert.Equal(new BigInteger(5 * 134), PathSum.Count(test.Network, 5));
        Assert.Equal(new BigInteger(6), PathSum.CountFrom(test.Network, 0));
        Assert.Equal(new BigInteger(1), PathSum.CountFrom(test.Network, 2));
    }

    /// <summary>Softmax leads from each of the 2 weighted inputs to each of the 2 outputs: twice as many.</summary>
    [Fact]
    public void Gradient_SoftmaxOutputs_WalksThroughEveryOutput()
    {
        var test = new ReferenceCase("3-4-3-2", "sigmoid,sigmoid,softmax", "log-likelihood", 1, Seed: 1);

        PathSum.Gradient(test.Network, test.Batch, out long walked);

        Assert.Equal(2 * 134, walked);
        Assert.Equal(new BigInteger(2 * 134), PathSum.Count(test.Network, 1));
    }

    /// <summary>20-60-60-60-10: 60·21 starts of 60·60·10 paths alone are 45,360,000.</summary>
    [Fact]
    public void Gradient_TooManyPaths_SaysHowManyAndWhatWouldFit()
    {
        var test = new ReferenceCase("20-60-60-60-10", "tanh,tanh,tanh,sigmoid", "quadratic", 3, Seed: 1);

        var error = Assert.Throws<ArgumentException>(() => PathSum.Gradient(test.Network, test.Batch));

        Assert.Contains("20-60-60-60-10", error.Message, StringComparison.Ordinal);
        Assert.Contains(PathSum.Count(test.Network, 3).ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains("3-4-3-2", error.Message, StringComparison.Ordinal);
    }
}
