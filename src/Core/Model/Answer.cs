using Backprop.Core.Elements;

namespace Backprop.Core.Model;

/// <summary>The class that outputs stand for: the largest output, the first among equals.</summary>
public static class Answer
{
    public static int Of(ReadOnlySpan<float> outputs) => Largest.IndexIn(outputs);
}
