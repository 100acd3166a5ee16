using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Backprop.CommandLine;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Commands;

/// <summary><c>evaluate</c>: cost and accuracy of a saved model on a test set, the very figures that a run reports.</summary>
internal static class EvaluateCommand
{
    private const int ColumnsAtOnce = 256;

    private const string Examples =
        """
        Examples:
          What the last run came to:
            Backprop.Coordinator evaluate runs/NAME/model.safetensors --dataset digits

          As JSON, for a script:
            Backprop.Coordinator evaluate runs/NAME --dataset digits --json

          On another test set of the same kind:
            Backprop.Coordinator evaluate model.safetensors --dataset flowers.csv --test-file new.csv

        """;

    private static readonly JsonSerializerOptions jsonOptions =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly Setting<string?> dataset = new(
        "dataset", "DATASET", "The data set whose test set is used: a name, a directory or a CSV file, as for train.",
        ValueKinds.Text(DatasetSettings.Takes)!, null, "the one it was trained on");

    private static readonly Setting<int> threads = new(
        "threads", "COUNT", "Threads that compute.", ValueKinds.WholeNumber(1, 1024), Environment.ProcessorCount,
        "all cores");

    private static readonly Setting<bool> json = new(
        "json", "BOOL", "Write the result as JSON.", ValueKinds.Flag, false, null);

    public static void AddTo(CommandLineProgram program)
    {
        Argument<string> model = ModelArgument.Create();
        var command = new Command("evaluate", "Says the cost and accuracy of a model on a test set.") { model };
        program.Add(
            command,
            [dataset, DatasetSettings.Directory, DatasetSettings.TestFile, DatasetSettings.LabelColumn, threads, json],
            Examples,
            (parsed, values, cancellationToken) =>
                Task.Run(() => Run(parsed.GetRequiredValue(model), values)).WaitAsync(cancellationToken));
    }

    /// <summary>Evaluates as training does after an epoch: the same blocks, the same tree, so the same digits.</summary>
    internal static NodeTotals Evaluate(SavedModel model, ExampleSet examples, int threadCount)
    {
        int shards = new TrainingPlan(1, 1, 1, 1, examples.Count, 0).EvaluationShards;
        using var team = new ThreadTeam(threadCount);
        var totals = new NodeTotals[1];
        new NodeBackpropagation(model.Network, ColumnsAtOnce, team).Evaluate(
            examples, [new ShardNode(0, shards)], shards, model.Parameters, IParameterGate.Open, totals);
        return totals[0];
    }

    private static int Run(string path, SettingValues values)
    {
        int threadCount = values.Get(threads);
        bool asJson = values.Get(json);
        SavedModel model = SavedModel.Read(path);
        Dataset data = Datasets.Open(DatasetSettings.Request(values.Get(dataset) ?? model.Metadata.Dataset, values));
        model.RequireFit(data);

        NodeTotals totals = Evaluate(model, data.Test, threadCount);
        var result = new Evaluation(
            model.Path, data.Name, totals.ExampleCount, totals.CorrectCount,
            (double)totals.CorrectCount / totals.ExampleCount, totals.Cost / totals.ExampleCount,
            model.Parameters.ComputeSha256());
        Console.Out.WriteLine(asJson ? JsonSerializer.Serialize(result, jsonOptions) : Sentence(result));
        return ExitCodes.Success;
    }

    private static string Sentence(Evaluation result) => string.Create(
        CultureInfo.InvariantCulture,
        $"test accuracy {result.TestCorrect} / {result.TestExamples} = {100 * result.TestAccuracy:F2} %, loss {result.TestLoss:0.0000##}");

    /// <summary>The fields of the JSON form, in snake_case.</summary>
    private sealed record Evaluation(
        string Model, string Dataset, int TestExamples, int TestCorrect, double TestAccuracy, double TestLoss,
        string WeightsSha256);
}
