using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>The scheduler broke a promise.</summary>
internal sealed class HistoryException(string message) : Exception(message)
{
    /// <param name="otherwise">Is put together only where the promise does not hold: millions do.</param>
    public static void Require(
        [DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Reason otherwise)
    {
        if (!holds)
            throw new HistoryException(otherwise.ToString());
    }

    public static void Require([DoesNotReturnIf(false)] bool holds, string otherwise)
    {
        if (!holds)
            throw new HistoryException(otherwise);
    }

    [InterpolatedStringHandler]
    internal readonly ref struct Reason
    {
        private readonly System.Text.StringBuilder? text;

        public Reason(int literalLength, int formattedCount, bool holds, out bool isWanted)
        {
            isWanted = !holds;
            text = holds ? null : new System.Text.StringBuilder(literalLength + (8 * formattedCount));
        }

        public void AppendLiteral(string part) => text!.Append(part);

        public void AppendFormatted<T>(T part) => text!.Append(part);

        public override string ToString() => text!.ToString();
    }
}
