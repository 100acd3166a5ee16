using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Core.Data;

namespace Backprop.Coordinator.Commands;

/// <summary>The options that say more about a data set than its name; <c>train</c> and <c>evaluate</c> share them.</summary>
internal static class DatasetSettings
{
    public const string Takes = "digits, mnist, fashion-mnist, a directory or a CSV file";

    public static readonly Setting<string?> Directory = new(
        "data-dir", "DIRECTORY", "Where downloads are kept and looked for.",
        ValueKinds.Text("a directory")!, null, "the user's cache");

    public static readonly Setting<string?> TestFile = new(
        "test-file", "FILE", "CSV: the test set.", ValueKinds.Text("a CSV file")!, null, "the last sixth of --dataset");

    public static readonly Setting<string?> LabelColumn = new(
        "label-column", "COLUMN", "CSV: the column of the label, by its name or its number from 1.",
        ValueKinds.Text("a column's name or number")!, null, "the last");

    /// <exception cref="UserErrorException">An option for CSV files stands beside another kind of data set.</exception>
    public static void Check(string dataset, SettingValues values)
    {
        if (!Datasets.Names.Contains(dataset) && !System.IO.Directory.Exists(dataset))
            return;
        foreach (Setting setting in (Setting[])[TestFile, LabelColumn])
        {
            if (values.IsGiven(setting))
            {
                throw new UserErrorException(
                    $"{values.Given(setting)} fits a CSV file only; --dataset {dataset} brings its own test set and labels.");
            }
        }
    }

    public static DatasetRequest Request(string dataset, SettingValues values)
    {
        Check(dataset, values);
        return new DatasetRequest(dataset, values.Get(Directory), values.Get(TestFile), values.Get(LabelColumn));
    }
}
