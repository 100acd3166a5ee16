using Backprop.Core.Reference;
using CsCheck;

namespace Backprop.Core.Tests.Reference;

public sealed class FiniteDifferencesTests
{
    private static readonly ReferenceCase smooth =
        new("4-5-3", "tanh,sigmoid", "cross-entropy", 6, Seed: 12);

    /// <summary>ε of 1/64: rounding contributes about 1e-14, the errors are above 1e-6.</summary>
    [Fact]
    public void OneSided_HalfEpsilon_HalfTheError() =>
        Assert.InRange(ErrorAt(FiniteDifferences.OneSided, 1 / 64.0) / ErrorAt(FiniteDifferences.OneSided, 1 / 128.0), 1.8, 2.2);

    [Fact]
    public void Central_HalfEpsilon_QuarterOfTheError() =>
        Assert.InRange(ErrorAt(FiniteDifferences.Central, 1 / 64.0) / ErrorAt(FiniteDifferences.Central, 1 / 128.0), 3.6, 4.4);

    [Fact]
    public void Passes_CountForwardPasses()
    {
        Assert.Equal(4, FiniteDifferences.OneSided(smooth.Network, smooth.Batch, 1e-4, [0, 1, 2]).Passes);
        Assert.Equal(6, FiniteDifferences.Central(smooth.Network, smooth.Batch, 1e-4, [0, 1, 2]).Passes);
    }

    [Fact]
    public void OneSided_Afterwards_NetworkIsAsBefore()
    {
        ReferenceNetwork network = smooth.Network;
        ReferenceParameters before = network.Parameters.Copy();

        FiniteDifferences.OneSided(network, smooth.Batch, 0.5, [0, 7, 30]);

        Assert.Equal(0, GradientAssert.LargestDifference(before, network.Parameters));
    }

    /// <summary>relu with z = a·w + b = 1e-3 at w = 1e-3: moving w back by 1e-2 carries it over the kink, by 1e-4 not.</summary>
    [Theory]
    [InlineData(1e-2, true)]
    [InlineData(1e-4, false)]
    public void Central_StepOverTheKink_IsMarked(double epsilon, bool expected)
    {
        var parameters = new ReferenceParameters(new Backprop.Core.Model.NetworkShape(1, 1, 1));
        parameters.Weights[0][0, 0] = 1e-3;
        parameters.Weights[1][0, 0] = 1;
        ReferenceNetwork network = ReferenceNetwork.Create(parameters, "relu,linear", "quadratic");
        var one = MathNet.Numerics.LinearAlgebra.Double.DenseMatrix.Create(1, 1, 1.0);

        FiniteDifferenceEstimates estimates =
            FiniteDifferences.Central(network, new ReferenceBatch(one, one), epsilon, [0]);

        Assert.Equal([expected], estimates.CrossesKink);
    }

    [Fact]
    public void ChooseParameters_FewerThanAll_DistinctAscendingAndAsMany() =>
        Gen.Select(Gen.Int[1, 300], Gen.Int[0, 300], Gen.ULong).Sample((count, sample, seed) =>
        {
            IReadOnlyList<int> chosen = FiniteDifferences.ChooseParameters(count, sample, seed);
            Assert.Equal(Math.Min(count, sample), chosen.Count);
            Assert.Equal(chosen.Distinct().Order(), chosen);
            Assert.All(chosen, index => Assert.InRange(index, 0, count - 1));
        });

    [Fact]
    public void ChooseParameters_ManySeeds_EveryParameterAboutAsOften()
    {
        int[] times = new int[10];
        for (ulong seed = 0; seed < 2000; seed++)
        {
            foreach (int index in FiniteDifferences.ChooseParameters(10, 3, seed))
                times[index]++;
        }

        // 2000·3/10 = 600 expected, standard deviation √(2000·0.3·0.7) = 20.5: five of them either way.
        Assert.All(times, count => Assert.InRange(count, 600 - 103, 600 + 103));
    }

    private static double ErrorAt(
        Func<ReferenceNetwork, ReferenceBatch, double, IReadOnlyList<int>, FiniteDifferenceEstimates> form, double epsilon)
    {
        ReferenceNetwork network = smooth.Network;
        ReferenceParameters gradient = MatrixBackpropagation.Gradient(network, smooth.Batch);
        FiniteDifferenceEstimates estimates =
            form(network, smooth.Batch, epsilon, FiniteDifferences.ChooseParameters(gradient.Count, gradient.Count, seed: 1));
        return estimates.Indices.Max(i => Math.Abs(estimates.Values[i] - gradient[i]));
    }
}
