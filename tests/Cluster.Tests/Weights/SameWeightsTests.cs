using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>
/// The promise: the final weights depend on configuration, seed and data alone. The oracle is the same training in one
/// process with one thread.
/// </summary>
public sealed class SameWeightsTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("--workers 1")]
    [InlineData("--workers 2")]
    [InlineData("--workers 3")]
    [InlineData("--workers 5")]
    [InlineData("--workers 2 --threads 2")]
    [InlineData("--in-process --threads 2")]
    public async Task Train_AnyWorkersAndThreads_SameWeights(string how)
    {
        const string What = "--epochs 2 ";
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, What + "--in-process --threads 1", "one");
        RunVerdict verdict = await CoordinatorProcess.CompleteAsync(directory, What + how);

        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((one.Steps, one.Examples), (verdict.Steps, verdict.Examples));
        Assert.Equal((300, 3000), (verdict.Steps, verdict.Examples));
        Assert.Equal(0, verdict.Lost);
        foreach (string field in (string[])["training_loss", "test_loss", "test_accuracy"])
            Assert.Equal(one.Json.GetProperty(field).GetDouble(), verdict.Json.GetProperty(field).GetDouble());
    }

    /// <summary>The other tests' programs compile in tiers, a user's at once: to slower and faster code for the same bits.</summary>
    [Theory]
    [InlineData("--in-process --threads 1")]
    [InlineData("--workers 2")]
    public async Task Train_CompiledAtOnceOrInTiers_SameWeights(string how)
    {
        const string What = "--epochs 3 --momentum 0.9 --activations tanh,softmax --cost log-likelihood --learning-rate 0.1 ";
        RunVerdict tiers = await CoordinatorProcess.CompleteAsync(directory, What + "--in-process --threads 1", "tiers");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, What + how, environment: Compilation.AtOnce);
        RunVerdict atOnce = await coordinator.CompletedAsync();

        Assert.Equal(tiers.WeightsSha256, atOnce.WeightsSha256);
        foreach (string field in (string[])["training_loss", "test_loss", "test_accuracy"])
            Assert.Equal(tiers.Json.GetProperty(field).GetDouble(), atOnce.Json.GetProperty(field).GetDouble());
    }

    [Theory]
    [InlineData("the file's order", "--epochs 2 --shuffle false")]
    [InlineData("another seed", "--epochs 1 --seed 18446744073709551615")]
    [InlineData("momentum, decay, schedule", "--epochs 3 --momentum 0.9 --l2 0.0001 --learning-rate 0.3 --schedule step:1:0.5")]
    [InlineData("a last mini-batch of 28", "--epochs 2 --mini-batch 64 --layers 64-40-20-10 --activations tanh,relu,softmax --cost log-likelihood --learning-rate 0.1")]
    [InlineData("more shards than examples", "--epochs 1 --mini-batch 5 --shards 8 --cost cross-entropy --learning-rate 0.5")]
    [InlineData("layers of several frames", "--epochs 1 --mini-batch 100 --layers 64-1100-70-10 --learning-rate 0.5")]
    public async Task Train_OtherConfiguration_ClusterEqualsInProcess(string _, string what)
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, what + " --in-process", "one");
        RunVerdict cluster = await CoordinatorProcess.CompleteAsync(directory, what + " --workers 3");
        RunVerdict plain = await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process", "plain");

        Assert.Equal(one.WeightsSha256, cluster.WeightsSha256);
        Assert.NotEqual(plain.WeightsSha256, cluster.WeightsSha256);
    }

    [Theory]
    [InlineData("within epochs", "--epochs 1 --checkpoint-every 70")]
    [InlineData("at the ends of epochs", "--epochs 2")]
    public async Task Train_Checkpoints_SameBytesWithAndWithoutWorkers(string _, string what)
    {
        what += " --momentum 0.5 --learning-rate 1 ";
        await using CoordinatorProcess alone = CoordinatorProcess.Start(directory, what + "--in-process", "alone");
        await using CoordinatorProcess cluster = CoordinatorProcess.Start(directory, what + "--workers 2", "cluster");
        await alone.CompletedAsync();
        await cluster.CompletedAsync();

        string[] expected = [.. alone.Checkpoints().Order(StringComparer.Ordinal)];
        string[] given = [.. cluster.Checkpoints().Order(StringComparer.Ordinal)];
        Assert.Equal(expected.Select(Path.GetFileName), given.Select(Path.GetFileName));
        Assert.InRange(expected.Length, 2, 3);
        foreach ((string one, string other) in expected.Zip(given))
            Assert.Equal(await File.ReadAllBytesAsync(one, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(other, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Train_InitialWeightsFromFile_ClusterEqualsInProcess()
    {
        RunVerdict before = await CoordinatorProcess.CompleteAsync(directory, "--epochs 1 --in-process", "before");
        string what = $"--epochs 1 --seed 2 --momentum 0.5 --learning-rate 1 --init {Path.Combine(directory.Path, "before", "model.safetensors")} ";
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, what + "--in-process", "one");
        RunVerdict cluster = await CoordinatorProcess.CompleteAsync(directory, what + "--workers 2");

        Assert.Equal(one.WeightsSha256, cluster.WeightsSha256);
        Assert.NotEqual(before.WeightsSha256, cluster.WeightsSha256);
    }

    [Fact]
    public async Task Train_WorkersStartedBeforeCoordinator_WaitJoinAndEnd()
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, "--epochs 2 --in-process", "one");
        int port = UnassignedPort.Find();
        string address = $"http://127.0.0.1:{port}";
        await using ProgramProcess first = CoordinatorProcess.StartWorker(directory, address, "first");
        await using ProgramProcess second = CoordinatorProcess.StartWorker(directory, address, "second");
        await first.LineAsync($"waiting for the coordinator at {address}");
        await second.LineAsync($"waiting for the coordinator at {address}");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(
            directory, $"--epochs 2 --workers 0 --min-workers 2 --listen 127.0.0.1:{port}");

        RunVerdict verdict = await coordinator.CompletedAsync();

        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((2, 0), (verdict.Joined, verdict.Lost));
        Assert.Equal((0, 0), (await first.ExitAsync(), await second.ExitAsync()));
    }

    [Fact]
    public async Task Train_WorkersStartedAfterCoordinator_JoinAndEnd()
    {
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, "--epochs 2 --in-process", "one");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 2 --workers 0 --min-workers 2");
        string address = (await coordinator.AddressAsync()).TrimEnd('/');
        await using ProgramProcess first = CoordinatorProcess.StartWorker(directory, address, "first");
        await using ProgramProcess second = CoordinatorProcess.StartWorker(directory, address, "second");

        RunVerdict verdict = await coordinator.CompletedAsync();

        Assert.Equal(one.WeightsSha256, verdict.WeightsSha256);
        Assert.Equal((2, 0), (verdict.Joined, verdict.Lost));
        Assert.Equal((0, 0), (await first.ExitAsync(), await second.ExitAsync()));
    }
}
