using Backprop.Core.Activations;

namespace Backprop.Core.Tests.Activations;

public sealed class MixedActivationTests
{
    [Fact]
    public void Apply_ThreeNeurons_EachItsOwnFunction()
    {
        MixedActivation mixed = Of("sigmoid", "linear", "relu");
        float[] a = new float[6];

        mixed.Apply([0f, -2f, -2f, 0f, 5f, 5f], a, 3);

        Assert.Equal([0.5f, -2f, 0f, 0.5f, 5f, 5f], a);
    }

    [Fact]
    public void MultiplyBySlope_ThreeNeurons_EachItsOwnSlope()
    {
        MixedActivation mixed = Of("sigmoid", "linear", "relu");
        float[] error = [1f, 1f, 1f, 2f, 2f, 2f];

        mixed.MultiplyBySlope([0.5f, -2f, 0f, 0.5f, 5f, 5f], error, 3);

        Assert.Equal([0.25f, 1f, 0f, 0.5f, 2f, 2f], error);
    }

    [Fact]
    public void Apply_SameFunctionForAll_SameBitsAsTheFunction()
    {
        float[] z = [.. Enumerable.Range(0, 60).Select(i => (i - 30) * 0.37f)];
        float[] expected = new float[60];
        float[] given = new float[60];
        ActivationFunctions.Named("tanh").Apply(z, expected, 20);

        new MixedActivation([.. Enumerable.Repeat(ActivationFunctions.Named("tanh"), 20)]).Apply(z, given, 20);

        Assert.Equal(expected, given);
    }

    [Fact]
    public void Create_WithSoftmax_Refused() =>
        Assert.Throws<ArgumentException>(() => Of("sigmoid", "softmax"));

    [Fact]
    public void Apply_OtherRows_SaysBoth()
    {
        var error = Assert.Throws<ArgumentException>(() => Of("relu", "relu").Apply(new float[3], new float[3], 3));

        Assert.Equal("A layer of 3 neurons with functions for 2.", error.Message);
    }

    private static MixedActivation Of(params string[] names) => new([.. names.Select(ActivationFunctions.Named)]);
}
