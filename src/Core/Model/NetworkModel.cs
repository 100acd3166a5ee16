using Backprop.Core.Activations;
using Backprop.Core.Costs;

namespace Backprop.Core.Model;

/// <summary>What is trained: a shape, an activation function for every layer after the input, and a cost.</summary>
public sealed class NetworkModel
{
    private const string OutputOnly = Softmax.FunctionName;

    /// <param name="activations">One a layer after the input.</param>
    /// <exception cref="UserErrorException">The functions do not go together.</exception>
    public NetworkModel(NetworkShape shape, IReadOnlyList<IActivation> activations, ICost cost)
    {
        Shape = shape;
        Activations = [.. activations];
        Cost = cost;
        CheckCount();
        CheckHiddenLayers();
        CheckOutputLayer();
    }

    public NetworkShape Shape { get; }

    /// <summary>The function of layer l + 2 at [l], beside W and b in <see cref="Parameters.Layers"/>.</summary>
    public IReadOnlyList<IActivation> Activations { get; }

    public ICost Cost { get; }

    /// <summary>The names as the command line takes them, one a layer: "sigmoid,softmax".</summary>
    public string ActivationNames => Join(Activations.Select(activation => activation.Name));

    /// <param name="activations">One name for all layers, or one a layer after the input joined by commas.</param>
    /// <param name="cost">A name of <see cref="CostFunctions"/>.</param>
    /// <exception cref="UserErrorException">An unknown name, or functions that do not go together.</exception>
    public static NetworkModel Create(NetworkShape shape, string activations, string cost)
    {
        string[] names = activations.Split(',', StringSplitOptions.TrimEntries);
        IActivation[] named = [.. names.Select(ActivationFunctions.Named)];
        if (named is [var single] && shape.LayerCount > 1)
        {
            if (single.Name == OutputOnly)
            {
                throw new UserErrorException(
                    $"--activations {OutputOnly} for all layers of {shape} does not fit: {OutputOnly} is for the "
                    + $"output layer only; try --activations {EndingWith(shape, "sigmoid", OutputOnly)}");
            }

            named = [.. Enumerable.Repeat(single, shape.LayerCount)];
        }

        return new NetworkModel(shape, named, CostFunctions.Named(cost));
    }

    private static string Join(IEnumerable<string> names) => string.Join(',', names);

    private static string EndingWith(NetworkShape shape, string hidden, string output) =>
        Join(Enumerable.Repeat(hidden, shape.LayerCount - 1).Append(output));

    private void CheckCount()
    {
        if (Activations.Count == Shape.LayerCount)
            return;

        string hidden = Activations.Count > 0 && Activations[0].Name != OutputOnly ? Activations[0].Name : "sigmoid";
        string output = Activations.Count > 0 ? Activations[^1].Name : "sigmoid";
        throw new UserErrorException(
            $"--activations {ActivationNames} names {Activations.Count} functions for the {Shape.LayerCount} layers "
            + $"after the input of {Shape}; try --activations {EndingWith(Shape, hidden, output)}");
    }

    private void CheckHiddenLayers()
    {
        for (int layer = 0; layer < Activations.Count; layer++)
        {
            if (Activations[layer].Name == OutputOnly && layer < Activations.Count - 1)
            {
                var fitting = Activations.Select((activation, l) =>
                    l < Activations.Count - 1 && activation.Name == OutputOnly ? "sigmoid" : activation.Name);
                throw new UserErrorException(
                    $"--activations {ActivationNames} has {OutputOnly} in a hidden layer, and it is for the output "
                    + $"layer only; try --activations {Join(fitting)}");
            }

            if (Activations[layer] is MixedActivation mixed && mixed.PerNeuron.Count != Shape.Sizes[layer + 1])
            {
                throw new UserErrorException(
                    $"A mixed layer has functions for {mixed.PerNeuron.Count} neurons, but layer {layer + 2} of "
                    + $"{Shape} has {Shape.Sizes[layer + 1]}.");
            }
        }
    }

    private void CheckOutputLayer()
    {
        string given = Activations[^1].Name;
        if (Cost.RequiredOutputActivation is not { } required || given == required)
            return;

        var fitting = Activations.Take(Activations.Count - 1).Select(activation => activation.Name).Append(required);
        throw new UserErrorException(
            $"--cost {Cost.Name} needs --activations ending in {required}, not {given}; "
            + $"try --activations {Join(fitting)}");
    }
}
