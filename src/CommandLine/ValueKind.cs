using System.Diagnostics.CodeAnalysis;

namespace Backprop.CommandLine;

/// <summary>Reads a text as a value; false when it does not fit.</summary>
public delegate bool TryRead<T>(string text, [MaybeNullWhen(false)] out T value);

/// <summary>The texts that a setting takes and what they mean.</summary>
/// <param name="Takes">What would fit, as an error says it after "it takes": "a whole number of at least 1".</param>
/// <param name="TryRead">False for a text that does not fit.</param>
public sealed record ValueKind<T>(string Takes, TryRead<T> TryRead);
