namespace Backprop.Core.Data;

/// <summary>Training and test examples of one kind, with the identity that a run and its workers agree on.</summary>
public sealed class Dataset
{
    private readonly Lazy<string> sha256;

    /// <param name="name">How the user named it. Not part of its identity.</param>
    /// <param name="training">At least one example.</param>
    /// <param name="test">At least one example.</param>
    /// <param name="classNames">One name a class; null: "0", "1", ….</param>
    /// <exception cref="ArgumentException">The two sets differ in inputs, classes or scale, or one is empty.</exception>
    public Dataset(string name, ExampleSet training, ExampleSet test, IReadOnlyList<string>? classNames = null)
        : this(name, training, test, classNames, null)
    {
    }

    /// <param name="knownSha256">The identity where the caller has just verified it: saves reading everything again.</param>
    internal Dataset(
        string name, ExampleSet training, ExampleSet test, IReadOnlyList<string>? classNames, string? knownSha256)
    {
        if (training.InputCount != test.InputCount
            || training.ClassCount != test.ClassCount
            || training.Inputs.Divisor != test.Inputs.Divisor)
        {
            throw new ArgumentException(
                $"Training examples of {training.InputCount} inputs and {training.ClassCount} classes do not go with "
                + $"test examples of {test.InputCount} inputs and {test.ClassCount} classes, or their scales differ.");
        }

        if (training.Count == 0 || test.Count == 0)
            throw new ArgumentException($"{training.Count} training and {test.Count} test examples; at least one of each is needed.");
        if (classNames is not null && classNames.Count != training.ClassCount)
            throw new ArgumentException($"{classNames.Count} names for {training.ClassCount} classes.");

        Name = name;
        Training = training;
        Test = test;
        ClassNames = classNames ?? NumberedClasses(training.ClassCount);
        sha256 = knownSha256 is null ? new Lazy<string>(() => DatasetFile.ComputeSha256(this)) : new Lazy<string>(knownSha256);
    }

    public string Name { get; }

    /// <summary>
    /// The identity: lower-case SHA-256 of the canonical bytes that <see cref="DatasetFile"/> writes. Inputs, scale,
    /// labels, class names and the cut into training and test count; the data set's name does not. Computed at the
    /// first use.
    /// </summary>
    public string Sha256 => sha256.Value;

    public int InputCount => Training.InputCount;

    public int ClassCount => Training.ClassCount;

    public IReadOnlyList<string> ClassNames { get; }

    public ExampleSet Training { get; }

    public ExampleSet Test { get; }

    private static string[] NumberedClasses(int count)
    {
        string[] names = new string[count];
        for (int i = 0; i < count; i++)
            names[i] = i.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return names;
    }
}
