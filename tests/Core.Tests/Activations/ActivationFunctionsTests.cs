using Backprop.Core.Activations;

namespace Backprop.Core.Tests.Activations;

public sealed class ActivationFunctionsTests
{
    [Fact]
    public void Named_EveryName_IsThatFunction()
    {
        foreach (string name in ActivationFunctions.Names)
            Assert.Equal(name, ActivationFunctions.Named(name).Name);
    }

    [Fact]
    public void Named_Unknown_ListsTheNames()
    {
        var error = Assert.Throws<UserErrorException>(() => ActivationFunctions.Named("swish"));

        Assert.Equal(
            "--activations knows no 'swish'; try sigmoid, tanh, relu, leaky-relu, linear, softmax", error.Message);
    }
}
