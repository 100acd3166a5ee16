using Backprop.Core.Model;
using Backprop.Core.Reference;
using CsCheck;

namespace Backprop.Core.Tests.Reference;

/// <summary>Forms that share nothing but the network and the forward pass give the same gradient.</summary>
public sealed class FormsAgreeTests
{
    public static TheoryData<string, string> OutputsAndCosts
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string output in ReferenceActivation.Names)
                data.Add(output, "quadratic");
            data.Add("sigmoid", "cross-entropy");
            data.Add("softmax", "log-likelihood");
            return data;
        }
    }

    public static TheoryData<string> HiddenFunctions => [.. NeuronFunction.Names, "mixed"];

    [Fact]
    public void PerExample_AnyNetwork_EqualsMatrixForm() => ReferenceCase.Any.Sample(test =>
        GradientAssert.EqualToRounding(
            MatrixBackpropagation.Gradient(test.Network, test.Batch),
            PerExampleBackpropagation.Gradient(test.Network, test.Batch)));

    [Fact]
    public void SquareMatrices_AnyNetwork_EqualMatrixForm() => ReferenceCase.Any.Sample(test =>
        GradientAssert.EqualToRounding(
            MatrixBackpropagation.Gradient(test.Network, test.Batch),
            SquareMatrixBackpropagation.Gradient(test.Network, test.Batch)));

    [Fact]
    public void PathSum_AnyNetwork_EqualsMatrixForm() => ReferenceCase.Any.Sample(test =>
        GradientAssert.EqualToRounding(
            MatrixBackpropagation.Gradient(test.Network, test.Batch),
            PathSum.Gradient(test.Network, test.Batch)));

    [Theory]
    [MemberData(nameof(OutputsAndCosts))]
    public void CentralDifferences_EveryOutputAndCost_NearMatrixForm(string output, string cost) =>
        CentralDifferencesAreNear(new ReferenceCase("4-5-3", $"tanh,{output}", cost, 6, Seed: 3));

    [Theory]
    [MemberData(nameof(HiddenFunctions))]
    public void CentralDifferences_EveryHiddenFunction_NearMatrixForm(string hidden) =>
        CentralDifferencesAreNear(new ReferenceCase("4-5-5-3", $"{hidden},{hidden},sigmoid", "cross-entropy", 6, Seed: 4));

    [Fact]
    public void CentralDifferences_AnyNetwork_NearMatrixForm() =>
        ReferenceCase.Any.Sample(test => CentralDifferencesAreNear(test), iter: 50);

    /// <summary>
    /// The chapter's modified neuron: one tanh among sigmoids. The derivatives follow from costs alone, so a slope that
    /// stayed the sigmoid's would show.
    /// </summary>
    [Fact]
    public void MatrixForm_OneModifiedNeuron_FollowsItsOwnSlope()
    {
        NetworkShape shape = NetworkShape.Parse("3-4-2");
        ReferenceBatch batch = ReferenceBatch.Random(shape, exampleCount: 5, seed: 8);
        ReferenceParameters parameters = ReferenceNetwork.RandomParameters(shape, seed: 8);
        var modified = new ReferenceNetwork(
            parameters,
            [ReferenceActivation.Mixed(["sigmoid", "sigmoid", "tanh", "sigmoid"]), ReferenceActivation.Named("sigmoid")],
            ReferenceCost.Named("quadratic"));
        ReferenceNetwork original = ReferenceNetwork.Create(parameters, "sigmoid", "quadratic");

        ReferenceParameters gradient = MatrixBackpropagation.Gradient(modified, batch);
        FiniteDifferenceEstimates estimates = FiniteDifferences.Central(
            modified, batch, 1e-4, FiniteDifferences.ChooseParameters(gradient.Count, gradient.Count, seed: 1));

        Assert.Equal(gradient.Count, GradientAssert.Near(gradient, estimates, 1e-7));
        Assert.True(GradientAssert.LargestDifference(gradient, MatrixBackpropagation.Gradient(original, batch)) > 0.01);
    }

    /// <summary>
    /// Without functions the whole network is one product M = W[4]·W[3]·W[2] (plus constants), so the derivative by W[2]
    /// is W[3]ᵀ·W[4]ᵀ·Σ (output − y)·xᵀ: computed here from the matrices themselves.
    /// </summary>
    [Fact]
    public void MatrixForm_AllLinear_IsTheProductOfTheWeights()
    {
        var test = new ReferenceCase("4-3-5-2", "linear,linear,linear", "quadratic", 7, Seed: 5);
        ReferenceNetwork network = test.Network;
        var weights = network.Parameters.Weights;
        var biases = network.Parameters.Biases;
        var expected = new ReferenceParameters(network.Shape);
        for (int example = 0; example < test.Examples; example++)
        {
            var x = test.Batch.Inputs.Column(example);
            var output = (weights[2] * ((weights[1] * ((weights[0] * x) + biases[0])) + biases[1])) + biases[2];
            var residual = output - test.Batch.Targets.Column(example);
            var carried = (weights[2] * weights[1]).Transpose() * residual;
            expected.Weights[0].Add(carried.OuterProduct(x), expected.Weights[0]);
            expected.Biases[0].Add(carried, expected.Biases[0]);
        }

        ReferenceParameters gradient = MatrixBackpropagation.Gradient(network, test.Batch);

        Assert.True((gradient.Weights[0] - expected.Weights[0]).InfinityNorm() < 1e-12);
        Assert.True((gradient.Biases[0] - expected.Biases[0]).InfinityNorm() < 1e-12);
        Assert.True(expected.Weights[0].InfinityNorm() > 0.01);
    }

    /// <summary>Sums, not means: the same examples twice give twice the gradient.</summary>
    [Fact]
    public void MatrixForm_ExamplesTwice_TwiceTheGradient()
    {
        var test = new ReferenceCase("4-5-3", "sigmoid,softmax", "log-likelihood", 4, Seed: 6);
        var twice = new ReferenceBatch(
            (MathNet.Numerics.LinearAlgebra.Double.DenseMatrix)test.Batch.Inputs.Append(test.Batch.Inputs),
            (MathNet.Numerics.LinearAlgebra.Double.DenseMatrix)test.Batch.Targets.Append(test.Batch.Targets));

        ReferenceParameters once = MatrixBackpropagation.Gradient(test.Network, test.Batch);
        ReferenceParameters doubled = MatrixBackpropagation.Gradient(test.Network, twice);

        for (int i = 0; i < once.Count; i++)
            once[i] *= 2;
        GradientAssert.EqualToRounding(once, doubled);
    }

    private static void CentralDifferencesAreNear(ReferenceCase test)
    {
        ReferenceNetwork network = test.Network;
        ReferenceParameters gradient = MatrixBackpropagation.Gradient(network, test.Batch);
        FiniteDifferenceEstimates estimates = FiniteDifferences.Central(
            network, test.Batch, 1e-4, FiniteDifferences.ChooseParameters(gradient.Count, gradient.Count, seed: 1));

        // ε² is 1e-8; third derivatives of these costs over at most six examples stay far below 1,000.
        int compared = GradientAssert.Near(gradient, estimates, 1e-5);
        Assert.True(compared >= gradient.Count / 2, $"Only {compared} of {gradient.Count} could be compared.");
    }
}
