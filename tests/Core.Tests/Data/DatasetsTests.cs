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

    [Fact]
    public void Open_NamedSetThatIsNotThere_SaysWhereItLookedAndWhatToDo()
    {
        string message = Refused.Message("mnist", () => Datasets.Open(new DatasetRequest(Datasets.Mnist, directory.Path)));

        Assert.Contains($"no train-images-idx3-ubyte[.gz] in {directory.PathOf("mnist")}", message, StringComparison.Ordinal);
        Assert.Contains("put the four original files there", message, StringComparison.Ordinal);
        Assert.Contains("--data-dir", message, StringComparison.Ordinal);
    }

    // Of Debian's package dataset-fashion-mnist: 60,000 and 10,000 images of 28x28.
    [Fact]
    public void Open_FashionMnistNotInTheDataDirectory_IsFoundWhereDebianPutsIt()
    {
        Dataset fashion = Datasets.Open(new DatasetRequest(Datasets.FashionMnist, directory.Path));

        Assert.Equal((60_000, 10_000, 784, 10), (fashion.Training.Count, fashion.Test.Count, fashion.InputCount, fashion.ClassCount));
        Assert.Equal("Ankle boot", fashion.ClassNames[9]);
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
