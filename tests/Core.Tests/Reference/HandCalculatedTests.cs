using Backprop.Core.Model;
using Backprop.Core.Reference;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Tests.Reference;

/// <summary>A 2-2-1 network small enough for pencil and paper.</summary>
/// <remarks>
/// x = (1, 2), y = 1. Layer 2 (linear, relu): W = [[1, 1], [3, −1]], b = (−1, 1).
/// z = (1 + 2 − 1, 3 − 2 + 1) = (2, 2), a = (2, 2).
/// Layer 3 (linear): W = [2, −1], b = 1: z = a = 4 − 2 + 1 = 3.
/// Quadratic cost: ½(1 − 3)² = 2. δ[3] = 3 − 1 = 2.
/// ∇W[3] = 2·(2, 2) = (4, 4), ∇b[3] = 2.
/// δ[2] = (2·2, −1·2) ⊙ (1, 1) = (4, −2).
/// ∇W[2] = [[4·1, 4·2], [−2·1, −2·2]] = [[4, 8], [−2, −4]], ∇b[2] = (4, −2).
/// Powers of two and small integers only: double precision is exact, so the tests ask for equality.
/// </remarks>
public sealed class HandCalculatedTests
{
    public static TheoryData<string> Forms => ["matrix", "per example", "square matrices", "paths"];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Gradient_PencilAndPaperNetwork_ExactlyAsCalculated(string form)
    {
        ReferenceParameters gradient = Compute(form, Network("relu"), Batch());

        Assert.Equal(DenseMatrix.OfArray(new double[,] { { 4, 8 }, { -2, -4 } }), gradient.Weights[0]);
        Assert.Equal(DenseVector.OfArray([4, -2]), gradient.Biases[0]);
        Assert.Equal(DenseMatrix.OfArray(new double[,] { { 4, 4 } }), gradient.Weights[1]);
        Assert.Equal(DenseVector.OfArray([2]), gradient.Biases[1]);
    }

    /// <summary>
    /// With σ(z) = tanh z in the second neuron, a = tanh 2 = 0.9640275800758169 and σ′ = 1 − a² = 0.0706508248531644.
    /// The output is 4 − a + 1 = 4.035972419924183, δ[3] = 3.035972419924183, δ[2] = (6.071944839848366,
    /// −3.035972419924183·0.0706508248531644 = −0.21449395570). Only the second row has changed with the slope.
    /// </summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void Gradient_SecondNeuronModified_OnlyItsSlopeEntersItsRow(string form)
    {
        ReferenceParameters gradient = Compute(form, Network("tanh"), Batch());

        Assert.Equal(6.071944839848366, gradient.Biases[0][0], 1e-12);
        Assert.Equal(-0.21449395570, gradient.Biases[0][1], 1e-9);
        Assert.Equal(2 * -0.21449395570, gradient.Weights[0][1, 1], 1e-9);
    }

    [Fact]
    public void TotalCost_PencilAndPaperNetwork_Two() =>
        Assert.Equal(2.0, ReferenceForwardPass.Run(Network("relu"), Batch().Inputs).TotalCost(Batch().Targets));

    /// <summary>
    /// The cost is quadratic in the single weight W[3][0] : C = ½(2w − 2)² with w = 2 at the moment, so
    /// (C(w + ε) − C(w))/ε = 4 + 2ε, the error being half the second derivative 4 times ε, and the central difference is exact.
    /// ε = 1/8 keeps every number exact.
    /// </summary>
    [Fact]
    public void FiniteDifferences_QuadraticInOneWeight_ErrorIsTwoEpsilon()
    {
        const int OutputWeight = 6;

        Assert.Equal(
            4.25, FiniteDifferences.OneSided(Network("relu"), Batch(), 0.125, [OutputWeight]).Values[0]);
        Assert.Equal(
            4.0, FiniteDifferences.Central(Network("relu"), Batch(), 0.125, [OutputWeight]).Values[0]);
    }

    private static ReferenceParameters Compute(string form, ReferenceNetwork network, ReferenceBatch batch) => form switch
    {
        "matrix" => MatrixBackpropagation.Gradient(network, batch),
        "per example" => PerExampleBackpropagation.Gradient(network, batch),
        "square matrices" => SquareMatrixBackpropagation.Gradient(network, batch),
        _ => PathSum.Gradient(network, batch),
    };

    private static ReferenceBatch Batch() =>
        new(DenseMatrix.OfArray(new double[,] { { 1 }, { 2 } }), DenseMatrix.OfArray(new double[,] { { 1 } }));

    private static ReferenceNetwork Network(string secondNeuron)
    {
        var parameters = new ReferenceParameters(new NetworkShape(2, 2, 1));
        DenseMatrix.OfArray(new double[,] { { 1, 1 }, { 3, -1 } }).CopyTo(parameters.Weights[0]);
        DenseVector.OfArray([-1, 1]).CopyTo(parameters.Biases[0]);
        DenseMatrix.OfArray(new double[,] { { 2, -1 } }).CopyTo(parameters.Weights[1]);
        DenseVector.OfArray([1]).CopyTo(parameters.Biases[1]);
        return new ReferenceNetwork(
            parameters,
            [ReferenceActivation.Mixed(["linear", secondNeuron]), ReferenceActivation.Named("linear")],
            ReferenceCost.Named("quadratic"));
    }
}
