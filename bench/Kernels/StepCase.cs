using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Kernels;

/// <summary>What a worker computes in a step: one node of the tree, forward and backward, on invented images.</summary>
internal sealed class StepCase
{
    private const int ExampleCount = 60_000;
    private const int ClassCount = 10;

    private readonly ExampleSet examples;
    private readonly NodeBackpropagation backpropagation;
    private readonly Parameters parameters;
    private readonly ShardNode[] nodes;
    private readonly int shardCount;
    private readonly int miniBatch;
    private readonly int[] order;
    private readonly int columns;
    private int next;

    /// <param name="layers">Such as 784-30-10.</param>
    /// <param name="workers">How many share the mini-batch evenly; a power of two.</param>
    public StepCase(string layers, int miniBatch, int workers, ThreadTeam team)
    {
        NetworkShape shape = NetworkShape.Parse(layers);
        string activations = string.Concat(Enumerable.Repeat("relu,", shape.LayerCount - 1)) + "softmax";
        NetworkModel model = NetworkModel.Create(shape, activations, "log-likelihood");
        examples = Images(shape.Inputs);
        this.miniBatch = miniBatch;
        shardCount = ShardCut.Automatic(miniBatch);
        nodes = [new ShardNode(0, shardCount / workers)];
        (int start, int end) = ShardCut.Range(nodes[0], shardCount, miniBatch);
        columns = end - start;
        // Like training, every step's examples lie all over the data set.
        order = new int[ExampleCount];
        EpochOrder.Fill(seed: 1, epoch: 0, shuffle: true, order);
        backpropagation = new NodeBackpropagation(model, miniBatch, team);
        parameters = new Parameters(shape);
        foreach (LayerParameters layer in parameters.Layers)
        {
            for (int i = 0; i < layer.Weights.Values.Length; i++)
                layer.Weights.Values[i] = ((i * 37 % 129) - 64) / 1024f;
        }

        Operations = columns * OperationsOf(shape);
    }

    /// <summary>Floating-point operations of the products alone.</summary>
    public double Operations { get; }

    public int Examples => columns;

    public void Run()
    {
        if (next + columns > order.Length)
            next = 0;
        backpropagation.Train(
            examples, order.AsSpan(next, columns), parameters, nodes, shardCount, miniBatch, IParameterGate.Open,
            INodeValueSink.None);
        next += columns;
    }

    /// <summary>6·Σ n[l]·n[l−1] − 2·n[1]·n[2] an example: forward, BP2 but for the first layer, BP4.</summary>
    private static double OperationsOf(NetworkShape shape)
    {
        double weights = 0;
        for (int layer = 0; layer < shape.LayerCount; layer++)
            weights += (double)shape.Sizes[layer] * shape.Sizes[layer + 1];
        return (6 * weights) - (2.0 * shape.Sizes[0] * shape.Sizes[1]);
    }

    private static ExampleSet Images(int inputs)
    {
        var values = new byte[ExampleCount * inputs];
        for (int i = 0; i < values.Length; i++)
            values[i] = (byte)(i * 101 % 256);
        int[] labels = [.. Enumerable.Range(0, ExampleCount).Select(i => i % ClassCount)];
        return ExampleSet.FromBytes(values, 255, labels, inputs, ClassCount);
    }
}
