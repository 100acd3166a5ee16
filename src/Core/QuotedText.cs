using System.Globalization;
using System.Text;

namespace Backprop.Core;

/// <summary>Text of a file in an error's message: in quotation marks, on one line, and not longer than that.</summary>
internal static class QuotedText
{
    private const int LengthAtMost = 60;

    public static string Of(string text)
    {
        var shown = new StringBuilder("'");
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, LengthAtMost)))
        {
            if (char.IsControl(c) || c is '\u2028' or '\u2029')
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                shown.Append(c);
        }

        return shown.Append(text.Length > LengthAtMost ? "…'" : "'").ToString();
    }
}
