using Backprop.Coordinator.Progress;
using Backprop.Core;
using Backprop.Core.Data;
using Backprop.Core.Formats;
using Backprop.Core.Model;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Commands;

/// <summary>A run, ready to start: what was asked for, found to fit its data set.</summary>
/// <param name="Configuration">Everything that determines the final weights beside the data.</param>
/// <param name="Model">The network with its functions.</param>
/// <param name="Plan">Its steps over this data set.</param>
/// <param name="Dataset">What it trains and tests on.</param>
/// <param name="Start">Where it begins: at step 0, or where a run goes on; training works on a copy.</param>
public sealed record RunSetup(
    RunConfiguration Configuration, NetworkModel Model, TrainingPlan Plan, Dataset Dataset, TrainingStart Start)
{
    internal const int DefaultHiddenNeurons = 30;

    /// <summary>The weights that training begins with.</summary>
    public Parameters InitialParameters => Start.Parameters;

    public DatasetSummary DatasetSummary => new(Dataset.Name, Dataset.Sha256, Plan.TrainingExamples, Plan.TestExamples);

    /// <summary>What the model's file says of it.</summary>
    public ModelMetadata Metadata => new(
        Configuration.Layers, Configuration.Activations, Configuration.Cost, Dataset.Name, Dataset.ClassNames);

    /// <exception cref="UserErrorException">An option does not fit the data set.</exception>
    public static RunSetup Create(TrainOptions options, Dataset dataset)
    {
        if (options.MiniBatch > dataset.Training.Count)
        {
            throw new UserErrorException(
                $"--mini-batch {options.MiniBatch} does not fit data set {dataset.Name}: it has {dataset.Training.Count} "
                + $"training examples; from 1 to {dataset.Training.Count} fit.");
        }

        Parameters? given = options.InitFile is null ? null : ModelFile.ReadParameters(options.InitFile);
        if (given is not null && !given.AreFinite())
            throw new UserErrorException($"--init {options.InitFile} holds a weight that is not a finite number; it takes a model whose training did not diverge.");
        NetworkShape shape = options.Layers is not null
            ? ParseLayers(options.Layers)
            : given?.Shape ?? new NetworkShape(dataset.InputCount, DefaultHiddenNeurons, dataset.ClassCount);
        CheckFit(shape, options, dataset);
        if (given is not null && given.Shape.ToString() != shape.ToString())
        {
            throw new UserErrorException(
                $"--init {options.InitFile} holds a network of {given.Shape}, and --layers is {shape}; give --layers {given.Shape} or none.");
        }

        NetworkModel model = NetworkModel.Create(shape, options.Activations, options.Cost);
        var configuration = new RunConfiguration
        {
            Layers = shape.ToString(),
            Activations = options.Activations,
            Cost = options.Cost,
            Optimizer = options.Optimizer,
            LearningRate = options.LearningRate,
            Momentum = options.Momentum,
            L2 = options.L2,
            Schedule = options.Schedule,
            Initializer = options.Initializer,
            InitSha256 = given?.ComputeSha256(),
            MiniBatch = options.MiniBatch,
            Epochs = options.Epochs,
            Shards = RunConfiguration.ResolveShards(options.Shards, options.MiniBatch),
            Shuffle = options.Shuffle,
            Seed = options.Seed,
            DatasetSha256 = dataset.Sha256,
        };
        return new RunSetup(
            configuration,
            model,
            configuration.Plan(dataset.Training.Count, dataset.Test.Count, options.CheckpointEvery),
            dataset,
            new TrainingStart(given ?? ParameterInitializers.Create(options.Initializer, shape, options.Seed)));
    }

    /// <exception cref="UserErrorException">Not a network.</exception>
    internal static NetworkShape ParseLayers(string text)
    {
        try
        {
            return NetworkShape.Parse(text);
        }
        catch (ArgumentException exception)
        {
            throw new UserErrorException($"--layers {text} does not fit. {exception.Message}", exception);
        }
    }

    private static void CheckFit(NetworkShape shape, TrainOptions options, Dataset dataset)
    {
        if (shape.Inputs == dataset.InputCount && shape.Outputs == dataset.ClassCount)
            return;
        string given = options.Layers is null ? $"--init {options.InitFile} of layers {shape}" : $"--layers {options.Layers}";
        string facts = $"{given} does not fit data set {dataset.Name}: {dataset.InputCount} inputs and {dataset.ClassCount} classes";
        if (options.Layers is null)
            throw new UserErrorException($"{facts}; it takes a model for those.");
        int[] fitting = [dataset.InputCount, .. shape.Sizes.Skip(1).Take(shape.Sizes.Count - 2), dataset.ClassCount];
        throw new UserErrorException($"{facts}; try {string.Join('-', fitting)}.");
    }
}
