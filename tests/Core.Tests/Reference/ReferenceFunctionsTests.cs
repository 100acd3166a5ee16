using Backprop.Core.Model;
using Backprop.Core.Reference;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Tests.Reference;

public sealed class ReferenceFunctionsTests
{
    /// <summary>σ(2) = 0.8807970779778824, tanh 2 = 0.9640275800758169 (NumPy); the others by definition.</summary>
    [Theory]
    [InlineData("sigmoid", 2, 0.8807970779778824)]
    [InlineData("sigmoid", -2, 0.1192029220221176)]
    [InlineData("tanh", 2, 0.9640275800758169)]
    [InlineData("relu", 2, 2)]
    [InlineData("relu", -2, 0)]
    [InlineData("leaky-relu", 2, 2)]
    [InlineData("leaky-relu", -2, -0.02)]
    [InlineData("linear", -2, -2)]
    public void Apply_OneNeuron_KnownValue(string name, double z, double expected)
    {
        double[] a = new double[1];

        ReferenceActivation.Named(name).Apply([z], a);

        Assert.Equal(expected, a[0], 1e-15);
    }

    /// <summary>e^0 : e^ln2 : e^ln5 = 1 : 2 : 5, however far all three are shifted.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(-1000)]
    public void Apply_Softmax_SharesWhateverTheShift(double shift)
    {
        double[] a = new double[3];

        ReferenceActivation.Named("softmax").Apply([shift, shift + Math.Log(2), shift + Math.Log(5)], a);

        Assert.Equal(0.125, a[0], 1e-12);
        Assert.Equal(0.25, a[1], 1e-12);
        Assert.Equal(0.625, a[2], 1e-12);
    }

    /// <summary>At z = 0: −ln ½ for either target. At z = ±800 the wrong answer costs 800, the right one nothing.</summary>
    [Theory]
    [InlineData(0, 1, 0.6931471805599453)]
    [InlineData(0, 0, 0.6931471805599453)]
    [InlineData(800, 0, 800)]
    [InlineData(800, 1, 0)]
    [InlineData(-800, 1, 800)]
    public void CrossEntropy_OneOutput_KnownAndFinite(double z, double y, double expected)
    {
        double[] a = new double[1];
        ReferenceActivation.Named("sigmoid").Apply([z], a);

        Assert.Equal(expected, ReferenceCost.Named("cross-entropy").OfExample([z], a, [y]), 1e-12);
    }

    /// <summary>Softmax of (0, ln 3) is (¼, ¾): −ln ¼ for the first class. With z 2,000 apart it is 2,000.</summary>
    [Theory]
    [InlineData(1.0986122886681098, 1.3862943611198906)]
    [InlineData(2000, 2000)]
    public void LogLikelihood_FirstClass_KnownAndFinite(double other, double expected)
    {
        double[] a = new double[2];
        ReferenceActivation.Named("softmax").Apply([0, other], a);

        Assert.Equal(expected, ReferenceCost.Named("log-likelihood").OfExample([0, other], a, [1, 0]), 1e-12);
    }

    /// <summary>½((0 − 3)² + (1 − 3)²) = 6.5.</summary>
    [Fact]
    public void Quadratic_TwoOutputs_HalfTheSquaredDistance() =>
        Assert.Equal(6.5, ReferenceCost.Named("quadratic").OfExample([3, 3], [3, 3], [0, 1]));

    /// <summary>z = ±1,000 rounds the outputs to exactly 0 and 1, wrong both: δ = a − y is (1, −1) in every form.</summary>
    [Theory]
    [InlineData("sigmoid", "cross-entropy")]
    [InlineData("softmax", "log-likelihood")]
    public void Gradient_SaturatedOutputs_FiniteAndTheSame(string output, string cost)
    {
        var parameters = new ReferenceParameters(new NetworkShape(1, 2));
        parameters.Biases[0].SetValues([1000, -1000]);
        ReferenceNetwork network = ReferenceNetwork.Create(parameters, output, cost);
        var batch = new ReferenceBatch(DenseMatrix.Create(1, 1, 1.0), DenseMatrix.OfArray(new double[,] { { 0 }, { 1 } }));
        DenseVector expected = DenseVector.OfArray([1, -1]);

        Assert.Equal(expected, MatrixBackpropagation.Gradient(network, batch).Biases[0]);
        Assert.Equal(expected, PerExampleBackpropagation.Gradient(network, batch).Biases[0]);
        Assert.Equal(expected, SquareMatrixBackpropagation.Gradient(network, batch).Biases[0]);
    }

    [Fact]
    public void Create_CostWithoutItsOutput_SaysWhatItNeeds()
    {
        var parameters = new ReferenceParameters(new NetworkShape(2, 2));

        var error = Assert.Throws<ArgumentException>(() => ReferenceNetwork.Create(parameters, "tanh", "cross-entropy"));

        Assert.Contains("needs sigmoid outputs, not tanh", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_MixedLayerOfAnotherSize_SaysHowManyNeurons()
    {
        var parameters = new ReferenceParameters(new NetworkShape(2, 3));

        var error = Assert.Throws<ArgumentException>(() => new ReferenceNetwork(
            parameters, [ReferenceActivation.Mixed(["tanh", "relu"])], ReferenceCost.Named("quadratic")));

        Assert.Contains("3 neurons", error.Message, StringComparison.Ordinal);
    }
}
