using Backprop.Core.Data;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Data;

public sealed class IdxDirectoryTests : IDisposable
{
    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    // MNIST's own site wrote train-images-idx3-ubyte; some mirrors have train-images.idx3-ubyte.
    [Theory]
    [InlineData("-", false)]
    [InlineData("-", true)]
    [InlineData(".", false)]
    [InlineData(".", true)]
    public void Open_EitherSpellingRawOrPacked_BytesBy255AndLabels(string separator, bool isPacked)
    {
        WriteAll(separator, isPacked);

        Dataset dataset = Datasets.Open(new DatasetRequest(directory.Path));

        Assert.Equal(Path.GetFileName(directory.Path), dataset.Name);
        Assert.Equal((2, 1, 2, 10), (dataset.Training.Count, dataset.Test.Count, dataset.InputCount, dataset.ClassCount));
        Assert.Equal([0f, 1f, 51f / 255, 102f / 255], Contents.Inputs(dataset.Training));
        Assert.Equal([1f / 255, 2f / 255], Contents.Inputs(dataset.Test));
        Assert.Equal([9, 0, 5], [dataset.Training.LabelOf(0), dataset.Training.LabelOf(1), dataset.Test.LabelOf(0)]);
        Assert.Equal("7", dataset.ClassNames[7]);
    }

    [Theory]
    [InlineData("train-images-idx3-ubyte")]
    [InlineData("train-labels-idx1-ubyte")]
    [InlineData("t10k-images-idx3-ubyte")]
    [InlineData("t10k-labels-idx1-ubyte")]
    public void Open_AFileMissing_NamesDirectoryAndFile(string missing)
    {
        WriteAll("-", isPacked: false);
        File.Delete(directory.PathOf(missing));

        Assert.Contains($"has no {missing}, raw or .gz", RefusedMessage(directory.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ImagesAndLabelsOfDifferentCount_NamesBoth()
    {
        WriteAll("-", isPacked: false);
        directory.Write("train-labels-idx1-ubyte", IdxFiles.Labels(3, 1, 2, 3));

        string message = RefusedMessage(directory.PathOf("train-labels-idx1-ubyte"));
        Assert.Contains("holds 3 labels for the 2 images of", message, StringComparison.Ordinal);
        Assert.Contains(directory.PathOf("train-images-idx3-ubyte"), message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TestImagesOfAnotherSize_SaysBothSizes()
    {
        WriteAll("-", isPacked: false);
        directory.Write("t10k-images-idx3-ubyte", IdxFiles.Images(1, 1, 3, 1, 2, 3));

        Assert.Contains("images of 2 pixels do not go with test images of 3", RefusedMessage(directory.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_LabelOutOfRange_NamesFileAndByte()
    {
        WriteAll("-", isPacked: true);
        directory.Write("t10k-labels-idx1-ubyte.gz", Gzip.Pack(IdxFiles.Labels(1, 10)));

        Assert.Contains(
            "byte 8: label 10 of example 0; from 0 to 9 fit", RefusedMessage(directory.PathOf("t10k-labels-idx1-ubyte.gz")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Open_TornGzip_SaysSo()
    {
        WriteAll("-", isPacked: true);
        byte[] packed = Gzip.Pack(IdxFiles.Images(2, 1, 2, 0, 255, 51, 102));
        string path = directory.Write("train-images-idx3-ubyte.gz", packed[..^5]);

        Assert.Contains("is not a whole gzip file", RefusedMessage(path), StringComparison.Ordinal);
    }

    private string RefusedMessage(string name) =>
        Refused.Message(name, () => Datasets.Open(new DatasetRequest(directory.Path)));

    private void WriteAll(string separator, bool isPacked)
    {
        Write($"train-images{separator}idx3-ubyte", IdxFiles.Images(2, 1, 2, 0, 255, 51, 102), isPacked);
        Write($"train-labels{separator}idx1-ubyte", IdxFiles.Labels(2, 9, 0), isPacked);
        Write($"t10k-images{separator}idx3-ubyte", IdxFiles.Images(1, 1, 2, 1, 2), isPacked);
        Write($"t10k-labels{separator}idx1-ubyte", IdxFiles.Labels(1, 5), isPacked);
    }

    private void Write(string name, byte[] bytes, bool isPacked) =>
        directory.Write(isPacked ? $"{name}.gz" : name, isPacked ? Gzip.Pack(bytes) : bytes);
}
