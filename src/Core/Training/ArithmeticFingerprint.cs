using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Core.Training;

/// <summary>
/// The SHA-256 of one small fixed training step, computed on the spot. Two machines with the same fingerprint do this
/// project's arithmetic with the same bits; it touches every kernel and every transcendental function in use.
/// </summary>
public static class ArithmeticFingerprint
{
    private const int Inputs = 83;
    private const int Classes = 7;
    private const int Examples = 45;
    private const int Shards = 8;

    /// <summary>Lower-case hexadecimal.</summary>
    public static string Compute()
    {
        var shape = new NetworkShape(Inputs, 37, 19, 23, Classes);
        NetworkModel model = NetworkModel.Create(shape, "tanh,sigmoid,leaky-relu,softmax", "log-likelihood");
        using var team = new ThreadTeam(1);
        var step = new NodeBackpropagation(model, Examples, team);
        using var hash = new HashingSink();
        step.Train(
            FixedExamples(), EpochOrder.Create(seed: 1, epoch: 0, Examples, shuffle: true), FixedParameters(shape),
            [new ShardNode(0, Shards)], Shards, Examples, IParameterGate.Open, hash);
        return hash.Value;
    }

    private static ExampleSet FixedExamples()
    {
        var random = new RandomSource(seed: 1, stream: 0);
        byte[] pixels = new byte[Inputs * Examples];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)random.NextInt(256);
        int[] labels = new int[Examples];
        for (int i = 0; i < labels.Length; i++)
            labels[i] = i % Classes;
        return ExampleSet.FromBytes(pixels, 255, labels, Inputs, Classes);
    }

    /// <summary>Multiples of 1/64 in [−1, 1): the same bits whatever the arithmetic.</summary>
    private static Parameters FixedParameters(NetworkShape shape)
    {
        var random = new RandomSource(seed: 1, stream: 0, index: 1);
        var parameters = new Parameters(shape);
        foreach (LayerParameters layer in parameters.Layers)
        {
            foreach (ref float weight in layer.Weights.Values)
                weight = (random.NextInt(128) - 64) / 64f;
            foreach (ref float bias in layer.Biases.Values)
                bias = (random.NextInt(128) - 64) / 64f;
        }

        return parameters;
    }

    private sealed class HashingSink : INodeValueSink, IDisposable
    {
        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public string Value => Convert.ToHexStringLower(hash.GetCurrentHash());

        public void LayerReady(ShardNode node, int layer, LayerParameters sum)
        {
            hash.AppendData(MemoryMarshal.AsBytes(sum.Numbers.Span));
        }

        public void NodeReady(ShardNode node, NodeTotals totals) =>
            hash.AppendData(BitConverter.GetBytes(totals.Cost));

        public void Dispose() => hash.Dispose();
    }
}
