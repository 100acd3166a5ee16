using System.IO.Compression;
using System.Text;
using Backprop.Coordinator.Commands;
using Backprop.Core;

namespace Backprop.Cluster.Tests.Commands;

public sealed class PredictionInputsTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("1,2\n3,4\n")]
    [InlineData("width,height\n1,2\n\n3,4")]
    [InlineData("\"a\",\"b\"\r\n\"1\", 2 \r\n3e0,4.0\r\n")]
    public void Read_Rows_HeaderAndBlankLinesLeftOut(string text)
    {
        IReadOnlyList<float[]> rows = PredictionInputs.Read(directory.Write("rows.csv", text), 2);
        Assert.Equal([[1f, 2f], [3f, 4f]], rows);
    }

    [Theory]
    [InlineData("1,2\n3\n", "row 2: 1 columns, where the first row has 2.")]
    [InlineData("a\n1\n", "row 2: 1 columns, and the model takes 2 inputs.")]
    [InlineData("1,2,0\n", "row 1: 3 columns, and the model takes 2 inputs; leave the label out.")]
    [InlineData("a,b\n1,x\n", "row 2, column 2: 'x' is not a number.")]
    [InlineData("1,x\n3,4\n", "row 1, column 2: 'x' is not a number.")]
    [InlineData("1,2\n3,\"4\n", "row 2, column 2: a stray quotation mark in '\"4\\u000a'.")]
    [InlineData("1,NaN\n", "row 1, column 2: 'NaN' is not a finite number.")]
    [InlineData("1,\n", "row 1, column 2: '' is not a number.")]
    [InlineData("1,1e99\n", "row 1, column 2: '1e99' is not a finite number.")]
    [InlineData("", "holds no rows of data.")]
    [InlineData("a,b\n", "holds no rows of data.")]
    public void Read_UnfitRows_NamesFileRowAndColumn(string text, string expected)
    {
        string path = directory.Write("rows.csv", text);
        UserErrorException error = Assert.Throws<UserErrorException>(() => PredictionInputs.Read(path, 2));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        Assert.EndsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PackedRows_AsRaw()
    {
        IReadOnlyList<float[]> rows = PredictionInputs.Read(WriteBytes("a,b\n1,2\n3,4\n"u8.ToArray(), isZipped: true), 2);
        Assert.Equal([[1f, 2f], [3f, 4f]], rows);
    }

    // The end of the rows is missing: without a look at the end of the file, fewer would be answered.
    [Fact]
    public void Read_PackedRowsCutOff_SaysSo()
    {
        string path = WriteBytes([.. Enumerable.Range(0, 1000).SelectMany(i => Encoding.ASCII.GetBytes($"{i},{i * i}\n"))], isZipped: true);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^20]);

        UserErrorException error = Assert.Throws<UserErrorException>(() => PredictionInputs.Read(path, 2));
        Assert.Contains("is not a whole gzip file", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Read_IdxImages_BytesBy255(bool isZipped)
    {
        // Two images of 1x2.
        byte[] idx = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51, 102];
        IReadOnlyList<float[]> images = PredictionInputs.Read(WriteBytes(idx, isZipped), 2);
        Assert.Equal([[0f, 1f], [51f / 255, 102f / 255]], images);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 8, 3, 0, 0, 0, 2 }, "byte 8: the file ends before the rows of an image")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 1, 7 }, "magic number 0x00000801; IDX files of images begin with 0x00000803")]
    [InlineData(new byte[] { 0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51 }, "2 images of 1x2 take 4 bytes after the header; there are 3")]
    [InlineData(new byte[] { 0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51 }, "1 images of 1x2 take 2 bytes after the header; there are 3")]
    [InlineData(new byte[] { 0, 0, 8, 3, 127, 255, 255, 255, 0, 0, 0, 1, 0, 0, 0, 2, 0 }, "2147483647 images of 1x2 take 4294967294 bytes after the header; there are 1")]
    [InlineData(new byte[] { 0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0 }, "holds images of 3 pixels, and the model takes 2 inputs")]
    public void Read_UnfitIdx_SaysWhere(byte[] idx, string expected)
    {
        UserErrorException error = Assert.Throws<UserErrorException>(
            () => PredictionInputs.Read(WriteBytes(idx, isZipped: false), 2));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TornGzip_SaysSo()
    {
        string path = WriteBytes([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 255, 255, 255], isZipped: false);
        UserErrorException error = Assert.Throws<UserErrorException>(() => PredictionInputs.Read(path, 2));
        Assert.Contains("is not a whole gzip file", error.Message, StringComparison.Ordinal);
    }

    private string WriteBytes(byte[] bytes, bool isZipped)
    {
        string path = Path.Combine(directory.Path, "input");
        using FileStream file = File.Create(path);
        using Stream stream = isZipped ? new GZipStream(file, CompressionLevel.Fastest) : file;
        stream.Write(bytes);
        return path;
    }
}
