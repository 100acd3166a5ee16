using System.Globalization;
using System.Text.Json;
using Backprop.Core.Data;
using Backprop.Core.Formats;
using Backprop.Core.Model;

namespace Backprop.Cluster.Tests.Commands;

/// <summary><c>evaluate</c> and <c>predict</c> as processes, on model files written here.</summary>
public sealed class ModelCommandTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Predict_LinearModel_ValuesComputedByHand()
    {
        WriteLinearModel();
        directory.Write("rows.csv", "a,b\n1,2\n-1,0.5\n");

        ProgramResult result = await RunAsync(["predict", "model.safetensors", "--input", "rows.csv"]);

        // W·x + b with W = (1 2; 3 4), b = (0.5, −0.5): (5.5, 10.5) and (0.5, −1.5).
        Assert.Equal(
            """
            {"row":0,"class":1,"name":"dog","outputs":[5.5,10.5]}
            {"row":1,"class":0,"name":"cat","outputs":[0.5,-1.5]}

            """.ReplaceLineEndings("\n"),
            result.Output);
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.Error);
    }

    [Fact]
    public async Task Predict_StandardInput_SameAsFile()
    {
        WriteLinearModel();
        ProgramResult result = await RunAsync(["predict", ".", "--input", "-"], "1,2\n");
        Assert.Equal("{\"row\":0,\"class\":1,\"name\":\"dog\",\"outputs\":[5.5,10.5]}\n", result.Output);
    }

    [Fact]
    public async Task Predict_UnfitRow_PrintsNothing()
    {
        WriteLinearModel();
        directory.Write("rows.csv", "1,2\n1,x\n");
        await Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "predict model.safetensors --input rows.csv", "rows.csv, row 2, column 2|'x'", directory);
    }

    [Fact]
    public async Task Evaluate_ZeroModel_FiguresComputedByHand()
    {
        // All weights 0 under sigmoid: every output is ½, so the cost is 10·½·¼ = 1.25 for every example, and the first
        // among equals answers class 0 for all.
        NetworkShape shape = NetworkShape.Parse("64-10");
        Write(new Parameters(shape), new ModelMetadata("64-10", "sigmoid", "quadratic", "digits", null));
        Dataset digits = Datasets.Open(new DatasetRequest("digits", null, null, null));
        int zeros = Enumerable.Range(0, digits.Test.Count).Count(example => digits.Test.LabelOf(example) == 0);

        ProgramResult result = await RunAsync(["evaluate", "model.safetensors", "--json"]);

        using JsonDocument json = JsonDocument.Parse(result.Output);
        JsonElement root = json.RootElement;
        Assert.Equal("digits", root.GetProperty("dataset").GetString());
        Assert.Equal(297, root.GetProperty("test_examples").GetInt32());
        Assert.Equal(zeros, root.GetProperty("test_correct").GetInt32());
        Assert.Equal(zeros / 297.0, root.GetProperty("test_accuracy").GetDouble());
        Assert.Equal(1.25, root.GetProperty("test_loss").GetDouble());
        Assert.Equal(new Parameters(shape).ComputeSha256(), root.GetProperty("weights_sha256").GetString());
        Assert.Equal("model.safetensors", root.GetProperty("model").GetString());

        ProgramResult text = await RunAsync(["evaluate", "model.safetensors", "--dataset", "digits"]);
        string percent = (100.0 * zeros / 297).ToString("F2", CultureInfo.InvariantCulture);
        Assert.Equal($"test accuracy {zeros} / 297 = {percent} %, loss 1.2500\n", text.Output);
    }

    [Fact]
    public Task Evaluate_OtherDataset_NamesBoth()
    {
        WriteLinearModel();
        return Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "evaluate model.safetensors --dataset digits",
            "2-2|digits|64 inputs and 10 classes|pets", directory);
    }

    [Fact]
    public Task Evaluate_NoModelFile_SaysSo()
    {
        directory.Write("notes.safetensors", "this is not a model, but it is long enough to look at");
        return Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "evaluate notes.safetensors --dataset digits", "notes.safetensors", directory);
    }

    private Task<ProgramResult> RunAsync(string[] arguments, string input = "") =>
        BuiltProgram.RunAsync(BuiltProgram.Coordinator, directory.Path, arguments, input: input);

    private void WriteLinearModel()
    {
        var parameters = new Parameters(NetworkShape.Parse("2-2"));
        LayerParameters layer = parameters.Layers[0];
        (layer.Weights[0, 0], layer.Weights[0, 1], layer.Weights[1, 0], layer.Weights[1, 1]) = (1, 2, 3, 4);
        (layer.Biases.Values[0], layer.Biases.Values[1]) = (0.5f, -0.5f);
        Write(parameters, new ModelMetadata("2-2", "linear", "quadratic", "pets", ["cat", "dog"]));
    }

    private void Write(Parameters parameters, ModelMetadata metadata) =>
        ModelFile.Write(Path.Combine(directory.Path, "model.safetensors"), parameters, metadata);
}
