using System.Globalization;
using System.IO.Compression;

namespace Backprop.Core.Data;

/// <summary>
/// The embedded UCI digits: 1,797 grey images of 8×8 with values 0 … 16. The first 1,500 train; the rest, written by
/// other hands, test. See Digits/NOTICE.
/// </summary>
internal static class DigitsDataset
{
    private const int Pixels = 64;
    private const int TrainingCount = 1500;
    private const int Divisor = 16;
    private const int ClassCount = 10;

    public static Dataset Open(string name)
    {
        using Stream resource = typeof(DigitsDataset).Assembly.GetManifestResourceStream("digits.csv.gz")!;
        using var gzip = new GZipStream(resource, CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        var values = new List<byte>(1797 * Pixels);
        var labels = new List<int>(1797);
        while (reader.ReadLine() is { } line)
        {
            string[] fields = line.Split(',');
            for (int i = 0; i < Pixels; i++)
                values.Add((byte)double.Parse(fields[i], CultureInfo.InvariantCulture));
            labels.Add((int)double.Parse(fields[Pixels], CultureInfo.InvariantCulture));
        }

        return new Dataset(name, Set(values, labels, 0, TrainingCount), Set(values, labels, TrainingCount, labels.Count));
    }

    private static ExampleSet Set(List<byte> values, List<int> labels, int start, int end) => ExampleSet.FromBytes(
        [.. values[(start * Pixels)..(end * Pixels)]], Divisor, [.. labels[start..end]], Pixels, ClassCount);
}
