namespace Backprop.Core.Data;

/// <summary>A directory with the four files of MNIST's layout, each raw or .gz.</summary>
internal static class IdxDirectory
{
    private const int PixelDivisor = 255;
    private const int ClassCount = 10;

    /// <summary>True when the training images are there: the directory is meant.</summary>
    public static bool LooksLikeOne(string directory) => Find(directory, "train-images", 3) is not null;

    /// <exception cref="UserErrorException">A file is missing or wrong, or the files do not fit together.</exception>
    public static Dataset Open(string name, string directory, IReadOnlyList<string>? classNames)
    {
        ExampleSet training = ReadSet(directory, "train");
        ExampleSet test = ReadSet(directory, "t10k");
        if (training.InputCount != test.InputCount)
        {
            throw new UserErrorException(
                $"{directory}: training images of {training.InputCount} pixels do not go with test images of {test.InputCount}.");
        }

        return new Dataset(name, training, test, classNames);
    }

    private static ExampleSet ReadSet(string directory, string part)
    {
        string imagesPath = Demand(directory, $"{part}-images", 3);
        string labelsPath = Demand(directory, $"{part}-labels", 1);
        (byte[] pixels, int count, int pixelsEach) = IdxFile.ReadImages(imagesPath);
        int[] labels = IdxFile.ReadLabels(labelsPath, ClassCount);
        if (labels.Length != count)
            throw new UserErrorException($"{labelsPath} holds {labels.Length} labels for the {count} images of {imagesPath}.");
        return ExampleSet.FromBytes(pixels, PixelDivisor, labels, pixelsEach, ClassCount);
    }

    private static string Demand(string directory, string start, int dimensions) => Find(directory, start, dimensions)
        ?? throw new UserErrorException($"{directory} has no {start}-idx{dimensions}-ubyte, raw or .gz.");

    private static string? Find(string directory, string start, int dimensions)
    {
        foreach (string separator in new[] { "-", "." })
        {
            foreach (string ending in new[] { "", ".gz" })
            {
                string path = Path.Combine(directory, $"{start}{separator}idx{dimensions}-ubyte{ending}");
                if (File.Exists(path))
                    return path;
            }
        }

        return null;
    }
}
