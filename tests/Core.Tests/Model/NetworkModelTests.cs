using Backprop.Core.Activations;
using Backprop.Core.Costs;
using Backprop.Core.Model;

namespace Backprop.Core.Tests.Model;

public sealed class NetworkModelTests
{
    [Theory]
    [InlineData("4-3-2", "sigmoid", "quadratic", "sigmoid,sigmoid")]
    [InlineData("4-3-2", "relu,softmax", "log-likelihood", "relu,softmax")]
    [InlineData("4-3-2", "relu, sigmoid", "cross-entropy", "relu,sigmoid")]
    [InlineData("4-3-2", "tanh,softmax", "quadratic", "tanh,softmax")]
    [InlineData("4-2", "softmax", "log-likelihood", "softmax")]
    public void Create_FittingFunctions_OneALayer(string shape, string activations, string cost, string expected)
    {
        NetworkModel model = NetworkModel.Create(NetworkShape.Parse(shape), activations, cost);

        Assert.Equal(expected, model.ActivationNames);
        Assert.Equal(cost, model.Cost.Name);
    }

    [Theory]
    [InlineData(
        "4-3-2", "sigmoid", "log-likelihood",
        "--cost log-likelihood needs --activations ending in softmax, not sigmoid; try --activations sigmoid,softmax")]
    [InlineData(
        "4-3-2", "relu", "cross-entropy",
        "--cost cross-entropy needs --activations ending in sigmoid, not relu; try --activations relu,sigmoid")]
    [InlineData(
        "4-2", "sigmoid", "log-likelihood",
        "--cost log-likelihood needs --activations ending in softmax, not sigmoid; try --activations softmax")]
    [InlineData(
        "4-3-2", "softmax", "log-likelihood",
        "--activations softmax for all layers of 4-3-2 does not fit: softmax is for the output layer only; "
        + "try --activations sigmoid,softmax")]
    [InlineData(
        "4-3-3-2", "relu,softmax", "log-likelihood",
        "--activations relu,softmax names 2 functions for the 3 layers after the input of 4-3-3-2; "
        + "try --activations relu,relu,softmax")]
    [InlineData(
        "4-3-2", "softmax,sigmoid", "quadratic",
        "--activations softmax,sigmoid has softmax in a hidden layer, and it is for the output layer only; "
        + "try --activations sigmoid,sigmoid")]
    [InlineData(
        "4-3-2", "swish", "quadratic",
        "--activations knows no 'swish'; try sigmoid, tanh, relu, leaky-relu, linear, softmax")]
    [InlineData("4-3-2", "relu", "hinge", "--cost knows no 'hinge'; try quadratic, cross-entropy, log-likelihood")]
    public void Create_UnfittingFunctions_SaysWhatFits(string shape, string activations, string cost, string expected)
    {
        var error = Assert.Throws<UserErrorException>(
            () => NetworkModel.Create(NetworkShape.Parse(shape), activations, cost));

        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void Create_MixedLayerOfOtherSize_SaysBoth()
    {
        IActivation relu = ActivationFunctions.Named("relu");
        var error = Assert.Throws<UserErrorException>(() => new NetworkModel(
            new NetworkShape(4, 3, 2), [new MixedActivation([relu, relu]), relu], CostFunctions.Named("quadratic")));

        Assert.Equal("A mixed layer has functions for 2 neurons, but layer 2 of 4-3-2 has 3.", error.Message);
    }
}
