using Backprop.Core.Model;
using Backprop.Core.Reference;

namespace Backprop.Core.Tests.Reference;

public sealed class GradientFormsTests
{
    [Theory]
    [InlineData("5-4-3", "sigmoid", "quadratic")]
    [InlineData("5-4-3", "tanh,softmax", "log-likelihood")]
    [InlineData("6-5-4-2", "relu,leaky-relu,sigmoid", "cross-entropy")]
    [InlineData("40-30-10", "relu,softmax", "log-likelihood")]
    public void All_RandomNetwork_EveryFormIsWithinItsBound(string layers, string activations, string cost)
    {
        foreach (GradientForm form in Forms(layers, activations, cost, 1000))
        {
            double difference = form.LargestDifference(form.Compute());
            Assert.True(difference <= form.Allowed, $"{form.Name}: {difference} above {form.Allowed}");
        }
    }

    [Fact]
    public void All_DefaultKind_NamesTheChaptersEquations() => Assert.Equal(
        ["BP1-BP4", "BP1-BP4", "33-35", "46", "46", "53", "problem 1", "problem 2"],
        Forms("5-4-3", "sigmoid", "quadratic", 1000).Select(form => form.Equation));

    [Fact]
    public void All_FewerDerivativesThanWeights_ScalesTheTimeUp()
    {
        // 5·4 + 4 + 4·3 + 3 = 39 weights and biases, 13 of them computed: 39/13 = 3.
        GradientForm oneSided = Forms("5-4-3", "sigmoid", "quadratic", 13).First(form => form.Equation == "46");
        Assert.Equal(13, oneSided.Compute().Count);
        Assert.Equal(3, oneSided.ScaleToAll);
        Assert.Equal("40 forward for all; 13 weights done", oneSided.Passes);
    }

    [Fact]
    public void LargestDifference_WrongDerivative_IsSeen()
    {
        foreach (GradientForm form in Forms("5-4-3", "sigmoid", "quadratic", 1000).Skip(1))
        {
            double?[] derivatives = [.. form.Compute()];
            derivatives[^1] += 0.01;
            Assert.True(form.LargestDifference(derivatives) > form.Allowed, form.Name);
        }
    }

    [Fact]
    public void LargestDifference_NotANumber_IsInfinite()
    {
        GradientForm form = Forms("5-4-3", "sigmoid", "quadratic", 1000)[1];
        double?[] derivatives = [.. form.Compute()];
        derivatives[3] = double.NaN;
        Assert.Equal(double.PositiveInfinity, form.LargestDifference(derivatives));
    }

    private static IReadOnlyList<GradientForm> Forms(string layers, string activations, string cost, int derivatives)
    {
        NetworkShape shape = NetworkShape.Parse(layers);
        ReferenceNetwork network =
            ReferenceNetwork.Create(ReferenceNetwork.RandomParameters(shape, seed: 5), activations, cost);
        ReferenceBatch batch = ReferenceBatch.Random(shape, 7, seed: 6, activations.EndsWith("softmax", StringComparison.Ordinal));
        return GradientForms.All(network, batch, derivatives, seed: 7);
    }
}
