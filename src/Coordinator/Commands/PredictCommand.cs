using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Backprop.CommandLine;
using Backprop.Core;

namespace Backprop.Coordinator.Commands;

/// <summary><c>predict</c>: the class and the outputs of each given input, a line of JSON each.</summary>
internal static class PredictCommand
{
    private const string Examples =
        """
        Examples:
          A class for each row of a table; its columns are the model's inputs, scaled as in training, without a label:
            Backprop.Coordinator predict runs/NAME/model.safetensors --input rows.csv

          For each image of an IDX file, its bytes divided by 255:
            Backprop.Coordinator predict runs/NAME --input t10k-images-idx3-ubyte.gz

          From another program; prints {"row":0,"class":7,"name":"7","outputs":[…]}:
            make-rows | Backprop.Coordinator predict runs/NAME --input -

        """;

    private static readonly Setting<string?> input = new(
        "input", "FILE", "A CSV file, an IDX file of images (raw or .gz), or - for CSV on standard input. Required.",
        ValueKinds.Text("a CSV file, an IDX file or -")!, null, null);

    public static void AddTo(CommandLineProgram program)
    {
        Argument<string> model = ModelArgument.Create();
        var command = new Command("predict", "Says the class of each row of a CSV file or each image of an IDX file.") { model };
        program.Add(
            command, [input], Examples, (parsed, values, cancellationToken) =>
                Task.Run(() => Run(parsed.GetRequiredValue(model), values)).WaitAsync(cancellationToken));
    }

    private static int Run(string path, SettingValues values)
    {
        string file = values.Get(input)
            ?? throw new UserErrorException($"predict needs --input: it takes {input.Takes}.");
        SavedModel model = SavedModel.Read(path);
        IReadOnlyList<float[]> rows = PredictionInputs.Read(file, model.Parameters.Shape.Inputs);

        using Stream output = Console.OpenStandardOutput();
        using var lines = new StreamWriter(output, new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };
        foreach (Prediction prediction in new Predictor(model).Predict(rows))
            lines.WriteLine(ToJson(prediction, model));
        return ExitCodes.Success;
    }

    private static string ToJson(Prediction prediction, SavedModel model)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("row", prediction.Row);
            json.WriteNumber("class", prediction.Class);
            json.WriteString("name", model.ClassName(prediction.Class));
            json.WriteStartArray("outputs");
            foreach (float value in prediction.Outputs)
                json.WriteNumberValue(value);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
