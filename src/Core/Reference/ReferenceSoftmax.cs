using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>a[m] = e^z[m] / Σ e^z: each output depends on all weighted inputs, so Σ′ = diag(a) − a·aᵀ is full.</summary>
internal sealed class ReferenceSoftmax : ReferenceActivation
{
    public const string FunctionName = "softmax";

    public override string Name => FunctionName;

    public override bool HasKink(int neuron) => false;

    public override void Apply(ReadOnlySpan<double> z, Span<double> a)
    {
        double largest = double.NegativeInfinity;
        foreach (double value in z)
            largest = Math.Max(largest, value);

        double sum = 0;
        for (int j = 0; j < z.Length; j++)
            sum += a[j] = Math.Exp(z[j] - largest);
        for (int j = 0; j < z.Length; j++)
            a[j] /= sum;
    }

    public override void MultiplyBySlope(ReadOnlySpan<double> a, Span<double> error)
    {
        double mean = 0;
        for (int j = 0; j < a.Length; j++)
            mean += a[j] * error[j];
        for (int j = 0; j < a.Length; j++)
            error[j] = a[j] * (error[j] - mean);
    }

    public override Matrix<double> Jacobian(ReadOnlySpan<double> a)
    {
        var jacobian = new DenseMatrix(a.Length, a.Length);
        for (int m = 0; m < a.Length; m++)
        {
            for (int j = 0; j < a.Length; j++)
                jacobian[m, j] = (m == j ? a[m] : 0) - (a[m] * a[j]);
        }

        return jacobian;
    }
}
