using MathNet.Numerics.LinearAlgebra.Double;

namespace Backprop.Core.Reference;

/// <summary>A cost per example in double precision, and how it changes with the outputs.</summary>
public abstract class ReferenceCost
{
    private static readonly ReferenceCost[] all =
        [new ReferenceQuadraticCost(), new ReferenceCrossEntropyCost(), new ReferenceLogLikelihoodCost()];

    public static IReadOnlyList<string> Names { get; } = [.. all.Select(cost => cost.Name)];

    public abstract string Name { get; }

    /// <summary>The output activation with which the cost is defined, or null when any will do.</summary>
    public virtual string? RequiredOutputActivation => null;

    /// <exception cref="ArgumentException">There is no such cost.</exception>
    public static ReferenceCost Named(string name) =>
        Array.Find(all, cost => cost.Name == name)
        ?? throw new ArgumentException($"No cost is called '{name}'; there are {string.Join(", ", Names)}.");

    /// <summary>The cost of one example, finite for every finite z.</summary>
    public abstract double OfExample(ReadOnlySpan<double> z, ReadOnlySpan<double> a, ReadOnlySpan<double> y);

    /// <summary>∇ₐC of one example as its formula says: infinite or NaN where an output is exactly 0 or 1.</summary>
    public abstract void Gradient(ReadOnlySpan<double> a, ReadOnlySpan<double> y, Span<double> gradient);

    /// <summary>BP1, δ[L] = ∇ₐC ⊙ σ′(z[L]) of one example, finite however saturated.</summary>
    public virtual void OutputError(
        ReferenceActivation activation, ReadOnlySpan<double> a, ReadOnlySpan<double> y, Span<double> error)
    {
        Gradient(a, y, error);
        activation.MultiplyBySlope(a, error);
    }

    /// <summary>Σ cost over the columns: a sum, as the gradients are, not a mean.</summary>
    public double Total(DenseMatrix z, DenseMatrix a, DenseMatrix y)
    {
        double total = 0;
        int rows = a.RowCount;
        for (int start = 0; start < a.Values.Length; start += rows)
        {
            total += OfExample(
                z.Values.AsSpan(start, rows), a.Values.AsSpan(start, rows), y.Values.AsSpan(start, rows));
        }

        return total;
    }

    public DenseMatrix OutputError(ReferenceActivation activation, DenseMatrix a, DenseMatrix y)
    {
        var error = new DenseMatrix(a.RowCount, a.ColumnCount);
        int rows = a.RowCount;
        for (int start = 0; start < a.Values.Length; start += rows)
        {
            OutputError(
                activation, a.Values.AsSpan(start, rows), y.Values.AsSpan(start, rows), error.Values.AsSpan(start, rows));
        }

        return error;
    }

    /// <summary>a − y: what is left of BP1 where the cost's quotient and the activation's slope cancel.</summary>
    protected static void Difference(ReadOnlySpan<double> a, ReadOnlySpan<double> y, Span<double> difference)
    {
        for (int j = 0; j < a.Length; j++)
            difference[j] = a[j] - y[j];
    }
}
