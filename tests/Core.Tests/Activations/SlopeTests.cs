using Backprop.Core.Activations;

namespace Backprop.Core.Tests.Activations;

public sealed class SlopeTests
{
    // Values of σ′ at z, from calculus: a(1 − a), 1 − a², steps.
    [Theory]
    [InlineData("sigmoid", 0.0, 0.25)]
    [InlineData("sigmoid", 2.0, 0.10499358540350652)]
    [InlineData("tanh", 0.0, 1.0)]
    [InlineData("tanh", -1.0, 0.41997434161402614)]
    [InlineData("relu", 0.5, 1.0)]
    [InlineData("relu", -0.5, 0.0)]
    [InlineData("leaky-relu", 0.5, 1.0)]
    [InlineData("leaky-relu", -0.5, 0.01)]
    [InlineData("linear", -7.0, 1.0)]
    public void MultiplyBySlope_OneNeuron_TimesDerivative(string name, double z, double slope)
    {
        IActivation function = ActivationFunctions.Named(name);
        float[] a = new float[1];
        function.Apply([(float)z], a, 1);
        float[] error = [3f];
        function.MultiplyBySlope(a, error, 1);

        Assert.Equal(3 * slope, error[0], 1e-6);
    }

    [Fact]
    public void MultiplyBySlope_Softmax_TimesItsJacobian()
    {
        // Jacobian of softmax: ∂a_j/∂z_k = a_j (1[j = k] − a_k), symmetric; two columns.
        float[] a = [0.2f, 0.3f, 0.5f, 0.7f, 0.2f, 0.1f];
        float[] error = [1f, -2f, 0.5f, 0f, 1f, -1f];
        double[] expected = new double[6];
        for (int column = 0; column < 2; column++)
        {
            for (int k = 0; k < 3; k++)
            {
                for (int j = 0; j < 3; j++)
                {
                    double jacobian = a[(column * 3) + j] * ((j == k ? 1 : 0) - a[(column * 3) + k]);
                    expected[(column * 3) + k] += jacobian * error[(column * 3) + j];
                }
            }
        }

        new Softmax().MultiplyBySlope(a, error, 3);

        for (int i = 0; i < 6; i++)
            Assert.Equal(expected[i], error[i], 1e-6);
    }
}
