namespace Backprop.Core.Activations;

/// <summary>An activation function σ and its slope, over blocks of one example a column (rows: neurons).</summary>
/// <remarks>
/// A result depends on its own input alone (softmax: on its own column), never on where an element stands in a span or
/// on the vector width of the machine.
/// </remarks>
public interface IActivation
{
    /// <summary>The name on the command line and in files.</summary>
    string Name { get; }

    /// <summary>a = σ(z).</summary>
    /// <param name="weightedInput">z, rows × B, column-major.</param>
    /// <param name="activation">Receives a, rows × B; may be the same memory as z.</param>
    /// <param name="rows">Neurons a column.</param>
    void Apply(ReadOnlySpan<float> weightedInput, Span<float> activation, int rows);

    /// <summary>Turns ∂C/∂a into ∂C/∂z in place: error ⊙ σ′(z) (for softmax: times its Jacobian).</summary>
    /// <param name="activation">a = σ(z), rows × B, column-major. Every slope here is a function of a.</param>
    /// <param name="error">∂C/∂a; receives ∂C/∂z.</param>
    /// <param name="rows">Neurons a column.</param>
    void MultiplyBySlope(ReadOnlySpan<float> activation, Span<float> error, int rows);
}
