using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Backprop.CommandLine;
using Backprop.Coordinator.GradientChecks;
using Backprop.Core.Data;

namespace Backprop.Coordinator.Commands;

/// <summary><c>gradient-check</c>: the chapter's forms of the gradient against each other, on one mini-batch.</summary>
internal static class GradientCheckCommand
{
    private const string Examples =
        """
        Examples:
          The default network on the first ten digits:
            Backprop.Coordinator gradient-check

          A tiny network, where even the sum over all paths is walked on the network itself:
            Backprop.Coordinator gradient-check --layers 64-2-10 --mini-batch 1

          Larger mini-batches show what the matrix form is for:
            Backprop.Coordinator gradient-check --mini-batch 200 --activations tanh,softmax --cost log-likelihood

          A trained model's gradient:
            Backprop.Coordinator gradient-check --init runs/NAME/model.safetensors

        Exit codes: 0 all forms agree, 1 one does not, 2 refused options.

        """;

    private static readonly Setting<bool> json = new(
        "json", "BOOL", "Write the report as JSON.", ValueKinds.Flag, false, null);

    private static readonly JsonSerializerOptions jsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new SecondsConverter() },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static void AddTo(CommandLineProgram program) => program.Add(
        new Command(
            "gradient-check",
            "Compares the matrix form of backpropagation with the chapter's other forms, and says what each costs."),
        [
            TrainSettings.Dataset, DatasetSettings.Directory, DatasetSettings.TestFile, DatasetSettings.LabelColumn,
            TrainSettings.Layers, TrainSettings.Activations, TrainSettings.Cost, TrainSettings.Initializer,
            TrainSettings.Init, TrainSettings.MiniBatch, TrainSettings.Shards, TrainSettings.Seed, json,
        ],
        Examples,
        (_, values, cancellationToken) => Task.Run(() => Run(values)).WaitAsync(cancellationToken));

    private static int Run(SettingValues values)
    {
        TrainOptions options = TrainOptionsReader.Read(values);
        RunSetup setup = RunSetup.Create(options, Datasets.Open(options.Data));
        GradientReport report = GradientCheck.Run(setup, TimeProvider.System);
        if (values.Get(json))
            Console.Out.WriteLine(JsonSerializer.Serialize(report, jsonOptions));
        else
            GradientTable.Write(report, Console.Out, isTerminal: !Console.IsOutputRedirected);
        return report.Agrees ? ExitCodes.Success : ExitCodes.Failed;
    }

    /// <summary>Times as seconds.</summary>
    private sealed class SecondsConverter : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.Parse(reader.GetString()!, CultureInfo.InvariantCulture);

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.TotalSeconds);
    }
}
