using System.Text.Json.Nodes;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Resume;

/// <summary>A resume that would not be the run's: one line with every difference, exit code 2, nothing touched.</summary>
public sealed class ResumeRefusalTests : IDisposable
{
    private const string Table = "0.5,1,0\n0.25,0,1\n1,1,0\n0,0.5,1\n0.75,0,0\n0.5,0.5,1\n";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Resume_OptionsOfAnotherResult_AreListed()
    {
        await TrainAsync("--epochs 1 --in-process --learning-rate 0.5 --activations sigmoid,sigmoid");
        foreach ((string options, string expected) in ((string, string)[])
            [
                ("--mini-batch 20 --seed 2", "resume run: --mini-batch 20 where the run has 10; --seed 2 where the run has 1; leave them out"),
                ("--layers 64-20-10 --activations relu --cost cross-entropy", "--layers 64-20-10 where the run has 64-30-10|--activations relu where the run has sigmoid,sigmoid|--cost cross-entropy where the run has quadratic"),
                ("--learning-rate 3 --momentum 0.9 --l2 0.1 --schedule step:1:0.5", "--learning-rate 3 where the run has 0.5|--momentum 0.9 where the run has 0|--l2 0.1 where|--schedule step:1:0.5 where the run has constant"),
                ("--epochs 2 --shards 8 --shuffle false --initializer he", "--epochs 2 where the run has 1|--shards 8 where the run has 4|--shuffle false where the run has true|--initializer he where the run has scaled-gaussian"),
                ("--init run/model.safetensors", "--init run/model.safetensors with weights of SHA-256 |where the run has scaled-gaussian weights"),
                ("--run-dir other", "--run-dir other does not fit"),
                ("--seed x", "--seed x does not fit"),
                ("--wokers 2", "Unknown option --wokers|--workers"),
                ("--workers 2 --in-process", "--in-process|--workers 2"),
                ("--dataset none.csv", "none.csv is no file"),
            ])
        {
            await Refusal.ExpectAsync(BuiltProgram.Coordinator, $"resume run {options}", expected, directory);
        }

        // The same in other words, and other sources that say something else: the run's own configuration stands.
        ProgramResult result = await BuiltProgram.RunAsync(
            BuiltProgram.Coordinator, directory.Path,
            [.. "resume run --json --dashboard off --seed 1 --activations sigmoid --learning-rate 0.50 --shards auto --layers 64-30-10 --dataset digits".Split(' ')],
            [("BACKPROP_SEED", "5"), ("BACKPROP_LAYERS", "3-2"), ("BACKPROP_DATASET", "none.csv"), ("BACKPROP_RUN_DIR", "elsewhere")]);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    [Fact]
    public async Task Resume_NoRun_SaysWhatFits()
    {
        Directory.CreateDirectory(Path.Combine(directory.Path, "empty"));
        await Refusal.ExpectAsync(BuiltProgram.Coordinator, "resume", "resume needs RUN_DIR", directory);
        await Refusal.ExpectAsync(BuiltProgram.Coordinator, "resume none", "resume none: there is no such directory", directory);
        await Refusal.ExpectAsync(BuiltProgram.Coordinator, "resume empty", "resume empty: it has neither config.json nor a checkpoint", directory);
    }

    [Fact]
    public async Task Resume_TableChanged_IsRefusedByHashOrFirstBadField()
    {
        directory.Write("table.csv", Table);
        await TrainAsync("--epochs 2 --mini-batch 2 --in-process --dataset table.csv");

        directory.Write("table.csv", Table.Replace("0.75", "0.76", StringComparison.Ordinal));
        await ExpectAsync("resume run: data set |table.csv is not the run's: its SHA-256 is |, the run's |; give --dataset");
        directory.Write("table.csv", Table + "1,0,1\n1,0,0\n1,1,1\n1,1,1\n1,1,1\n1,1,1\n");
        await ExpectAsync("(10 examples to train and 2 to test where the run has 5 and 1)");
        directory.Write("table.csv", Table[..^5]);
        await ExpectAsync("table.csv|row 6");
        File.Delete(Path.Combine(directory.Path, "table.csv"));
        await ExpectAsync("table.csv is no file");

        // The same data in another place is the run's.
        directory.Write("moved.csv", Table);
        await CoordinatorProcess.ResumedAsync(directory, "--dataset moved.csv");

        // And is found there from now on.
        await CoordinatorProcess.ResumedAsync(directory);
    }

    [Fact]
    public async Task Resume_ConfigurationOfAnotherRun_IsRefusedOrLeftOut()
    {
        RunVerdict expected = await TrainAsync("--epochs 2 --in-process");
        string config = Path.Combine(directory.Path, "run", "config.json");
        JsonObject fields = JsonNode.Parse(File.ReadAllText(config))!.AsObject();
        fields["audit"] = 7;
        File.WriteAllText(config, fields.ToJsonString());
        await ExpectAsync("config.json has audit 7|from 0 to 1");

        fields["audit"] = 0;
        fields["mini_batch"] = 20;
        fields["seed"] = 3;
        File.WriteAllText(config, fields.ToJsonString());
        await ExpectAsync("config.json is not of the run|step-000000300|mini-batch 20 where the checkpoint has 10; seed 3 where the checkpoint has 1|delete it and give --dataset");

        File.WriteAllText(config, "{");
        await ExpectAsync("config.json is not a run's configuration");
        File.Delete(config);
        await ExpectAsync("config.json is missing|give --dataset");
        Assert.Equal(expected.WeightsSha256, (await CoordinatorProcess.ResumedAsync(directory, "--dataset digits")).WeightsSha256);
    }

    [Fact]
    public async Task Resume_FirstWeightsFromAFile_AsksForThemWhereThereIsNoCheckpoint()
    {
        await TrainAsync("--epochs 1 --in-process --seed 9", "before");
        const string what = "--epochs 1 --in-process --init before/model.safetensors";
        RunVerdict expected = await TrainAsync(what);
        Directory.Delete(Path.Combine(directory.Path, "run", "checkpoints"), recursive: true);

        await ExpectAsync("it has no checkpoint yet, and its first weights came from a file; give --init FILE");
        await Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "resume run --init run/model.safetensors", "--init run/model.safetensors with weights of|where the run has weights of", directory);
        RunVerdict verdict = await CoordinatorProcess.ResumedAsync(directory, "--in-process --init before/model.safetensors");
        Assert.Equal(expected.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal(0, verdict.Json.GetProperty("resumed_from_step").GetInt64());
    }

    private Task<RunVerdict> TrainAsync(string options, string run = "run") => CoordinatorProcess.CompleteAsync(directory, options, run);

    private Task ExpectAsync(string expected) => Refusal.ExpectAsync(BuiltProgram.Coordinator, "resume run", expected, directory);
}
