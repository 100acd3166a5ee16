namespace Backprop.Protos.Tensors;

/// <summary>Numbers [Offset, Offset + Values.Length) of a layer's tensor: W column after column, then b.</summary>
/// <param name="Layer">From 0.</param>
/// <param name="Offset">In numbers, from the start of the layer's tensor.</param>
/// <param name="Values">The numbers themselves, where they stand: sent from there without a copy.</param>
public readonly record struct TensorPart(int Layer, int Offset, ReadOnlyMemory<float> Values);
