namespace Backprop.Core.Data;

/// <summary>A data set as the user asks for it.</summary>
/// <param name="Name">digits, mnist, fashion-mnist, a directory of IDX files or a CSV file.</param>
/// <param name="DataDirectory">Where files are looked for; null: the user's cache.</param>
/// <param name="TestFile">CSV only: the test examples; null: the last sixth of the rows.</param>
/// <param name="LabelColumn">CSV only: the label's header or its number from 1; null: the last column.</param>
public sealed record DatasetRequest(
    string Name, string? DataDirectory = null, string? TestFile = null, string? LabelColumn = null);

/// <summary>Opens data sets by name, directory or file.</summary>
public static class Datasets
{
    public const string Digits = "digits";
    public const string Mnist = "mnist";
    public const string FashionMnist = "fashion-mnist";

    private static readonly string[] FashionClasses =
    [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ];

    /// <summary>Where Debian's package dataset-fashion-mnist puts its files.</summary>
    private const string DebianFashion = "/usr/share/datasets/fashion-mnist";

    public static IReadOnlyList<string> Names { get; } = [Digits, Mnist, FashionMnist];

    /// <exception cref="UserErrorException">There is no such data set, or it is damaged.</exception>
    public static Dataset Open(DatasetRequest request)
    {
        bool isCsv = File.Exists(request.Name);
        if (!isCsv && (request.TestFile is not null || request.LabelColumn is not null))
        {
            string option = request.TestFile is not null ? "--test-file" : "--label-column";
            throw new UserErrorException($"{option} goes with a CSV file, and --dataset {request.Name} is none.");
        }

        return request.Name switch
        {
            Digits => DigitsDataset.Open(Digits),
            Mnist => OpenNamed(Mnist, request, [], null, "put the four original files there"),
            FashionMnist => OpenNamed(
                FashionMnist, request, [DebianFashion], FashionClasses,
                "put the four files there, or install Debian's package dataset-fashion-mnist"),
            _ when isCsv => CsvDataset.Open(request),
            _ when Directory.Exists(request.Name) => IdxDirectory.Open(
                new DirectoryInfo(request.Name).Name, request.Name, null),
            _ => throw new UserErrorException(
                $"--dataset {request.Name} is no file, no directory, and none of {string.Join(", ", Names)}."),
        };
    }

    private static Dataset OpenNamed(
        string name, DatasetRequest request, string[] otherPlaces, IReadOnlyList<string>? classNames, string remedy)
    {
        string own = Path.Combine(request.DataDirectory ?? DatasetCache.DefaultDirectory, name);
        string[] places = [own, .. otherPlaces];
        string? found = Array.Find(places, IdxDirectory.LooksLikeOne);
        return found is not null
            ? IdxDirectory.Open(name, found, classNames)
            : throw new UserErrorException(
                $"--dataset {name}: no train-images-idx3-ubyte[.gz] in {string.Join(" or ", places)}; {remedy} (--data-dir says where to look).");
    }
}
