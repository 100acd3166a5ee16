using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>Runs whose first layer fills a message: workers that are sent weights begin with it while the others are updated.</summary>
public sealed class LargeLayersTests : IDisposable
{
    private const string Network = "--layers 64-1100-30-10 --activations relu,relu,softmax --cost log-likelihood --learning-rate 0.1 --mini-batch 60";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("--momentum 0")]
    [InlineData("--momentum 0.9 --l2 0.001")]
    public async Task Train_OneWorkerIsSentWeightsAndOneReadsThem_SameWeights(string optimizer)
    {
        string options = $"{Network} {optimizer} --epochs 2";
        RunVerdict reference = await CoordinatorProcess.CompleteAsync(directory, $"{options} --in-process", "reference");
        string trace = Path.Combine(directory.Path, "trace.json");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, $"{options} --workers 0 --min-workers 2 --trace {trace}");
        string address = await coordinator.AddressAsync();
        await using ProgramProcess apart = CoordinatorProcess.StartWorker(directory, address, "apart", "--transport", "grpc");
        await using ProgramProcess beside = CoordinatorProcess.StartWorker(directory, address, "beside");
        RunVerdict verdict = await coordinator.CompletedAsync();

        Assert.Equal(reference.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((0, 0), (await apart.ExitAsync(), await beside.ExitAsync()));
        Assert.Equal(50, Occurrences(await File.ReadAllTextAsync(trace, TestContext.Current.CancellationToken), "\"update further layers\""));
    }

    /// <summary>138,170 numbers: the coordinator's threads update them together, in shared memory.</summary>
    [Theory]
    [InlineData("--workers 2")]
    [InlineData("--workers 3 --momentum 0.9")]
    public async Task Train_ModelThatThreadsShare_SameWeights(string options)
    {
        string network = Network.Replace("-30-10", "-60-10", StringComparison.Ordinal);
        RunVerdict reference = await CoordinatorProcess.CompleteAsync(
            directory, $"{network} --epochs 1 {options.Replace("--workers", "--in-process --threads", StringComparison.Ordinal)}", "reference");
        RunVerdict verdict = await CoordinatorProcess.CompleteAsync(directory, $"{network} --epochs 1 {options}");
        Assert.Equal(reference.WeightsSha256, verdict.WeightsSha256);
    }

    /// <summary>The worker has half of the next step's weights when the run fails, and ends in order.</summary>
    [Fact]
    public async Task Train_DivergesWhileWeightsAreSent_WorkerHearsThatTheRunIsOver()
    {
        string options = $"{Network} --learning-rate 3e12 --epochs 2".Replace("--learning-rate 0.1 ", "", StringComparison.Ordinal);
        await using CoordinatorProcess alone = CoordinatorProcess.Start(directory, $"{options} --in-process", "alone");
        Assert.Equal(1, await alone.Program.ExitAsync());
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, $"{options} --workers 0");
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(
            directory, await coordinator.AddressAsync(), "apart", "--transport", "grpc");

        Assert.Equal(1, await coordinator.Program.ExitAsync());
        Assert.Equal(0, await worker.ExitAsync());
        RunVerdict verdict = coordinator.Verdict();
        string error = verdict.Json.GetProperty("error").GetString()!;
        Assert.Contains("the gradient of layer 1", error, StringComparison.Ordinal);
        Assert.Equal(alone.Verdict().Json.GetProperty("error").GetString(), error);
        Assert.Equal((alone.Verdict().Steps, alone.Verdict().WeightsSha256), (verdict.Steps, verdict.WeightsSha256));
        Assert.Contains($"the run is over: failed ({error})", worker.Errors, StringComparison.Ordinal);
    }

    /// <summary>A checkpoint is of weights of which all layers are there.</summary>
    [Fact]
    public async Task Resume_CoordinatorKilledBetweenCheckpointsOfEveryStep_SameWeights()
    {
        string options = $"{Network} --epochs 40";
        RunVerdict reference = await CoordinatorProcess.CompleteAsync(directory, $"{options} --in-process", "reference");
        await using CoordinatorProcess killed = CoordinatorProcess.Start(directory, $"{options} --workers 0 --checkpoint-every 1");
        string address = await killed.AddressAsync();
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(directory, address, "apart", "--transport", "grpc");
        await killed.ReachStepAsync(60);
        await killed.KillAsync();
        await using CoordinatorProcess resumed = CoordinatorProcess.Resume(directory, $"--workers 0 --listen {new Uri(address).Authority}");

        Assert.Equal(reference.WeightsSha256, (await resumed.CompletedAsync()).WeightsSha256);
        Assert.Equal(0, await worker.ExitAsync());
    }

    private static int Occurrences(string text, string word) => text.Split(word).Length - 1;
}
