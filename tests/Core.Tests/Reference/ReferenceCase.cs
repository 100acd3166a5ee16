using Backprop.Core.Model;
using Backprop.Core.Reference;
using CsCheck;

namespace Backprop.Core.Tests.Reference;

/// <summary>A random small network with a mini-batch, and how it was made, for the message of a failure.</summary>
public sealed record ReferenceCase(string Layers, string Functions, string Cost, int Examples, ulong Seed)
{
    /// <summary>Costs beside the output functions they allow.</summary>
    private static readonly (string Output, string Cost)[] endings =
    [
        .. ReferenceActivation.Names.Select(output => (output, "quadratic")),
        ("sigmoid", "cross-entropy"),
        ("softmax", "log-likelihood"),
    ];

    /// <summary>Two to five layers of up to five neurons; every hidden layer of one function, or mixed.</summary>
    public static Gen<ReferenceCase> Any { get; } =
        from sizes in Gen.Int[1, 5].Array[2, 5]
        from hidden in Gen.Int[0, NeuronFunction.Names.Count].Array[sizes.Length - 2]
        from ending in Gen.Int[0, endings.Length - 1]
        from examples in Gen.Int[1, 6]
        from seed in Gen.ULong
        select new ReferenceCase(
            string.Join('-', sizes), Joined(hidden, endings[ending].Output), endings[ending].Cost, examples, seed);

    public ReferenceNetwork Network
    {
        get
        {
            NetworkShape shape = NetworkShape.Parse(Layers);
            ReferenceActivation[] activations =
                [.. Functions.Split(',').Select((name, l) => FunctionOf(name, shape.Sizes[l + 1]))];
            return new ReferenceNetwork(
                ReferenceNetwork.RandomParameters(shape, Seed), activations, ReferenceCost.Named(Cost));
        }
    }

    public ReferenceBatch Batch =>
        ReferenceBatch.Random(NetworkShape.Parse(Layers), Examples, Seed, Functions.EndsWith("softmax", StringComparison.Ordinal));

    /// <param name="hidden">Numbers of functions; the one after the last stands for a mixed layer.</param>
    private static string Joined(int[] hidden, string output)
    {
        string[] names = [.. NeuronFunction.Names, "mixed"];
        return string.Join(',', hidden.Select(number => names[number]).Append(output));
    }

    /// <summary>"mixed": the neurons take the functions in turn.</summary>
    private static ReferenceActivation FunctionOf(string name, int neurons) =>
        name == "mixed"
            ? ReferenceActivation.Mixed(
                Enumerable.Range(0, neurons).Select(j => NeuronFunction.Names[j % NeuronFunction.Names.Count]))
            : ReferenceActivation.Named(name);
}
