using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Model;

/// <summary>
/// Equation 25 for many examples at once, one a column: Z[l] = W[l]·A[l−1] + b[l]·1ᵀ, A[l] = σ(Z[l]).
/// </summary>
/// <remarks>A column's values depend on its example and the weights alone, not on the other columns.</remarks>
internal sealed class ForwardPass
{
    private readonly NetworkModel model;
    private readonly MatrixProduct product;
    private readonly ColumnTeam team;

    // A[1] … A[L]: inputs, then a layer's activations each.
    private readonly float[][] activations;

    // The costs are computed from the output layer's z; hidden layers' z is overwritten by a.
    private readonly float[] outputWeightedInput;
    private readonly float[] targets;
    private readonly GatherWork gather = new();
    private readonly ActivationWork activate = new();

    public ForwardPass(NetworkModel model, int capacity, MatrixProduct product, ColumnTeam team)
    {
        this.model = model;
        this.product = product;
        this.team = team;
        Capacity = capacity;
        activations = [.. model.Shape.Sizes.Select(size => new float[checked(size * capacity)])];
        outputWeightedInput = new float[model.Shape.Outputs * capacity];
        targets = new float[model.Shape.Outputs * capacity];
    }

    /// <summary>The most columns.</summary>
    public int Capacity { get; }

    public int LayerCount => model.Shape.LayerCount;

    /// <param name="layer">0: X; l: the activations that <see cref="Parameters.Layers"/>[l − 1] gives.</param>
    public ColumnBlock Activation(int layer, int columns) =>
        new(activations[layer], 0, model.Shape.Sizes[layer], columns);

    /// <summary>Z[L].</summary>
    public ColumnBlock OutputWeightedInput(int columns) => new(outputWeightedInput, 0, model.Shape.Outputs, columns);

    /// <summary>Y.</summary>
    public ColumnBlock Targets(int columns) => new(targets, 0, model.Shape.Outputs, columns);

    /// <summary>Where the examples of the next <see cref="Gather"/> are written, one a column.</summary>
    public Span<int> Indices(int columns) => gather.Indices(columns);

    /// <summary>X and Y from the examples in <see cref="Indices"/>.</summary>
    public void Gather(ExampleSet examples, int columns)
    {
        if (examples.InputCount != model.Shape.Inputs || examples.ClassCount != model.Shape.Outputs)
        {
            throw new ArgumentException(
                $"Examples of {examples.InputCount} inputs and {examples.ClassCount} classes do not fit network "
                + $"{model.Shape}.");
        }

        gather.Examples = examples;
        gather.Inputs = Activation(0, columns);
        gather.Targets = Targets(columns);
        team.Run(gather, model.Shape.Inputs, columns);
    }

    /// <summary>Carries X forward through all layers, each as soon as the gate lets it.</summary>
    public void Run(Parameters parameters, IParameterGate gate, int columns)
    {
        for (int l = 0; l < LayerCount; l++)
        {
            gate.WaitForLayer(l);
            LayerParameters layer = parameters.Layers[l];
            ColumnBlock activation = Activation(l + 1, columns);
            ColumnBlock weightedInput = l == LayerCount - 1 ? OutputWeightedInput(columns) : activation;
            product.Multiply(layer.Weights, Activation(l, columns), weightedInput);

            activate.Function = model.Activations[l];
            activate.Biases = layer.Biases;
            activate.WeightedInput = weightedInput;
            activate.Activation = activation;
            team.Run(activate, activation.Rows, columns);
        }
    }
}
