using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Backprop.Bench;

/// <summary>Options whose values are refused before anything is measured, and not after.</summary>
internal static class BenchOptions
{
    /// <summary>Where the report goes.</summary>
    public static Option<string?> Report(string description)
    {
        var option = new Option<string?>("--report") { Description = description };
        option.Validators.Add(given =>
        {
            if (given.GetValue(option) is { } path && (Directory.Exists(path) || !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))))
                given.AddError($"--report {path} cannot be written; give a file in a directory that there is.");
        });
        return option;
    }

    /// <summary>With a least value.</summary>
    /// <param name="isExcluded">Whether the value has to be above it.</param>
    public static Option<TNumber[]> AtLeast<TNumber>(this Option<TNumber[]> option, TNumber least, bool isExcluded)
        where TNumber : INumber<TNumber>
    {
        option.Validators.Add(given =>
        {
            foreach (Token token in given.Tokens)
            {
                // What is no number the parser refuses itself.
                if (TNumber.TryParse(token.Value, CultureInfo.InvariantCulture, out TNumber? number) && (!(number > least || (number == least && !isExcluded)) || !TNumber.IsFinite(number)))
                    given.AddError($"{option.Name} {number} does not fit; it takes numbers {(isExcluded ? "above" : "from")} {least}{(isExcluded ? "" : " on")}.");
            }
        });
        return option;
    }
}
