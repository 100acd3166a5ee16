using Backprop.Core.Data;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Data;

public sealed class DatasetsTests : IDisposable
{
    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Open_UnknownName_NamesWhatWouldFit()
    {
        string message = Refused.Message("minst", () => Datasets.Open(new DatasetRequest("minst")));
        Assert.Contains("no file, no directory, and none of digits, mnist, fashion-mnist", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Datasets.Mnist, "put the four original files there")]
    [InlineData(Datasets.FashionMnist, "put the four files there, or install Debian's package dataset-fashion-mnist")]
    public void Open_NamedSetThatIsNotThere_SaysWhereItLookedAndWhatToDo(string name, string remedy)
    {
        // Where Debian's package is installed, its files are found.
        Assert.SkipWhen(name == Datasets.FashionMnist && Directory.Exists("/usr/share/datasets/fashion-mnist"), "the package is installed");

        string message = Refused.Message(name, () => Datasets.Open(new DatasetRequest(name, directory.Path)));

        Assert.Contains($"no train-images-idx3-ubyte[.gz] in {directory.PathOf(name)}", message, StringComparison.Ordinal);
        Assert.Contains(remedy, message, StringComparison.Ordinal);
        Assert.Contains("--data-dir", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--test-file")]
    [InlineData("--label-column")]
    public void Open_CsvOptionBesideAnotherKind_NamesTheOption(string option)
    {
        var request = new DatasetRequest(Datasets.Digits, TestFile: option == "--test-file" ? "x.csv" : null, LabelColumn: option == "--label-column" ? "x" : null);

        Assert.Contains("digits is none", Refused.Message(option, () => Datasets.Open(request)), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_EmptyDirectory_SaysWhichFileItWants() => Assert.Contains(
        "has no train-images-idx3-ubyte, raw or .gz",
        Refused.Message(directory.Path, () => Datasets.Open(new DatasetRequest(directory.Path))), StringComparison.Ordinal);
}
