using System.Text.Json;
using System.Text.Json.Nodes;
using Backprop.Cluster.Tests.Commands;
using Backprop.Coordinator.Reports;

namespace Backprop.Cluster.Tests.Reports;

public sealed class SummaryFileTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Write_CompletedRun_IsTheInterfacesExample()
    {
        // Names, nesting and order as users are told.
        const string expected = """
            {
              "status": "completed",
              "dataset": { "name": "digits", "sha256": "ef56", "training_examples": 1500, "test_examples": 297 },
              "layers": "64-30-10", "epochs": 30, "steps": 4500, "examples": 45000,
              "training_loss": 0.01, "test_loss": 0.03, "test_accuracy": 0.95,
              "weights_sha256": "0a1b",
              "elapsed_seconds": 6.1, "training_seconds": 4.9, "examples_per_second": 9100, "steps_per_second": 910,
              "workers": { "joined": 2, "lost": 0, "most": 2 },
              "nodes_reassigned": 0, "checkpoints": 30
            }
            """;
        string path = Path.Combine(directory.Path, SummaryFile.Name);
        SummaryFile.Write(path, SampleRun.Summary);
        Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), JsonNode.Parse(File.ReadAllText(path))!.ToJsonString());
        Assert.Equal([path], directory.Entries());
    }

    [Fact]
    public void Write_FailedRun_HasItsErrorAfterTheStatus()
    {
        JsonObject summary = JsonNode.Parse(SummaryFile.ToJson(SampleRun.Summary with
        {
            Status = "failed",
            Error = "0 of 1 workers for 60 s: start \"one\"",
        }))!.AsObject();
        Assert.Equal(["status", "error", "dataset"], summary.Select(field => field.Key).Take(3));
        Assert.Equal("0 of 1 workers for 60 s: start \"one\"", (string?)summary["error"]);
    }

    [Fact]
    public void Write_FiguresThatAreNoNumbers_AreNull()
    {
        using JsonDocument summary = JsonDocument.Parse(SummaryFile.ToJson(SampleRun.Summary with
        {
            TrainingLoss = double.NaN,
            TestLoss = double.PositiveInfinity,
            TestAccuracy = null,
            ExamplesPerSecond = double.NegativeInfinity,
        }));
        foreach (string name in (string[])["training_loss", "test_loss", "test_accuracy", "examples_per_second"])
            Assert.Equal(JsonValueKind.Null, summary.RootElement.GetProperty(name).ValueKind);
        Assert.Equal(910, summary.RootElement.GetProperty("steps_per_second").GetDouble());
    }
}
