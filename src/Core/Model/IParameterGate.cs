namespace Backprop.Core.Model;

/// <summary>Lets the forward pass of a layer begin once this step's weights of that layer are there.</summary>
public interface IParameterGate
{
    /// <summary>A gate that never waits: all parameters are there.</summary>
    static IParameterGate Open { get; } = new OpenGate();

    /// <summary>True when nothing is awaited any more: <see cref="WaitForLayer"/> returns at once for every layer.</summary>
    bool IsOpen => false;

    /// <summary>Blocks until <see cref="Parameters.Layers"/>[layer] holds this step's values.</summary>
    /// <param name="layer">0 … L − 2; a pass asks for them in this order, each once, from one thread.</param>
    void WaitForLayer(int layer);

    private sealed class OpenGate : IParameterGate
    {
        public bool IsOpen => true;

        public void WaitForLayer(int layer)
        {
            // Nothing is awaited.
        }
    }
}
