using Backprop.Core.Data;
using Backprop.Core.Elements;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>
/// Equation 25 for many examples at once, one a column: Z[l] = W[l]·A[l−1] + b[l]·1ᵀ, A[l] = σ(Z[l]).
/// </summary>
/// <remarks>
/// A column's values depend on its example and the weights alone, not on the other columns: threads may take different
/// columns through it at the same time.
/// </remarks>
internal sealed class ForwardPass
{
    private readonly NetworkModel model;

    // A[1] … A[L]: inputs, then a layer's activations each.
    private readonly float[][] activations;

    // The costs are computed from the output layer's z; hidden layers' z is overwritten by a.
    private readonly float[] outputWeightedInput;
    private readonly float[] targets;
    private readonly int[] indices;
    private readonly int[] indicesAhead;

    public ForwardPass(NetworkModel model, int capacity)
    {
        this.model = model;
        Capacity = capacity;
        activations = [.. model.Shape.Sizes.Select(size => new float[checked(size * capacity)])];
        outputWeightedInput = new float[model.Shape.Outputs * capacity];
        targets = new float[model.Shape.Outputs * capacity];
        indices = new int[capacity];
        indicesAhead = new int[capacity];
    }

    /// <summary>The most columns.</summary>
    public int Capacity { get; }

    public int LayerCount => model.Shape.LayerCount;

    /// <summary>Where the examples of the next <see cref="Gather"/> are written, one a column.</summary>
    public Span<int> Indices(int columns) => indices.AsSpan(0, columns);

    /// <summary>Where the examples of the next <see cref="GatherAhead"/> are written, and stay until they are wanted.</summary>
    public Span<int> IndicesAhead(int columns) => indicesAhead.AsSpan(0, columns);

    /// <param name="layer">0: X; l: the activations that <see cref="Parameters.Layers"/>[l − 1] gives.</param>
    public ColumnBlock Activation(int layer, ColumnRange columns) =>
        Block(activations[layer], model.Shape.Sizes[layer], columns);

    /// <summary>Z[L].</summary>
    public ColumnBlock OutputWeightedInput(ColumnRange columns) => Block(outputWeightedInput, model.Shape.Outputs, columns);

    /// <summary>Y.</summary>
    public ColumnBlock Targets(ColumnRange columns) => Block(targets, model.Shape.Outputs, columns);

    /// <exception cref="ArgumentException">The examples are not the network's.</exception>
    public void CheckFit(ExampleSet examples)
    {
        if (examples.InputCount != model.Shape.Inputs || examples.ClassCount != model.Shape.Outputs)
        {
            throw new ArgumentException(
                $"Examples of {examples.InputCount} inputs and {examples.ClassCount} classes do not fit network "
                + $"{model.Shape}.");
        }
    }

    /// <summary>X and Y from the examples in <see cref="Indices"/>.</summary>
    public void Gather(ExampleSet examples, ColumnRange columns) => Fill(examples, indices, columns);

    /// <summary>X and Y of another step from the examples in <see cref="IndicesAhead"/>: these columns of this one are no longer there.</summary>
    public void GatherAhead(ExampleSet examples, ColumnRange columns) => Fill(examples, indicesAhead, columns);

    /// <summary>Carries columns through the layer <see cref="Parameters.Layers"/>[layer].</summary>
    public void Carry(int layer, LayerParameters parameters, MatrixProduct product, ColumnRange columns)
    {
        ColumnBlock activation = Activation(layer + 1, columns);
        ColumnBlock z = layer == LayerCount - 1 ? OutputWeightedInput(columns) : activation;
        product.Multiply(parameters.Weights, Activation(layer, columns), z);
        for (int column = 0; column < columns.Count; column++)
            ElementLoop.Map(default(Sum), z.Column(column), parameters.Biases.Values, z.Column(column));
        model.Activations[layer].Apply(z.Values, activation.Values, z.Rows);
    }

    private void Fill(ExampleSet examples, int[] source, ColumnRange columns)
    {
        ReadOnlySpan<int> wanted = source.AsSpan(columns.First, columns.Count);
        examples.CopyInputs(wanted, Activation(0, columns));
        examples.CopyTargets(wanted, Targets(columns));
    }

    private static ColumnBlock Block(float[] storage, int rows, ColumnRange columns) =>
        new(storage, columns.First * rows, rows, columns.Count);
}
