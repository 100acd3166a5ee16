using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Core.Data;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>A data set that only the coordinator has: it comes to a worker once, over the call of its own.</summary>
public sealed class StreamedDatasetTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_WorkerWithoutData_ReceivesItOnce()
    {
        string what = $"--dataset {WriteTable(rows: 2400, columns: 90)} --layers 90-12-3 --epochs 1 --mini-batch 50 ";
        RunVerdict one = await CoordinatorProcess.CompleteAsync(directory, what + "--in-process", "one");

        (RunVerdict first, string told) = await TrainAsync(what, "first");
        Assert.Contains("receiving data set", told, StringComparison.Ordinal);
        Assert.Equal(one.WeightsSha256, first.WeightsSha256);
        string cached = Assert.Single(Directory.GetFiles(Path.Combine(directory.Path, "data", "datasets")));
        Assert.Equal($"{first.DatasetSha256}.backprop", Path.GetFileName(cached));
        Assert.Equal(first.DatasetSha256, HashOf(cached));
        Assert.True(new FileInfo(cached).Length > 512 * 1024, "It is to be more than one chunk.");

        (RunVerdict second, told) = await TrainAsync(what, "second");
        Assert.DoesNotContain("receiving data set", told, StringComparison.Ordinal);
        Assert.Equal(one.WeightsSha256, second.WeightsSha256);

        // A damaged copy is as good as none.
        byte[] bytes = await File.ReadAllBytesAsync(cached, TestContext.Current.CancellationToken);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(cached, bytes, TestContext.Current.CancellationToken);
        (RunVerdict third, told) = await TrainAsync(what, "third");
        Assert.Contains("receiving data set", told, StringComparison.Ordinal);
        Assert.Equal(one.WeightsSha256, third.WeightsSha256);
        Assert.Equal(first.DatasetSha256, HashOf(cached));
    }

    private async Task<(RunVerdict Verdict, string Told)> TrainAsync(string what, string run)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, what + "--workers 0", run);
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(
            directory, (await coordinator.AddressAsync()).TrimEnd('/'), "remote");
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(0, await worker.ExitAsync());
        return (verdict, worker.Errors);
    }

    private string WriteTable(int rows, int columns)
    {
        var random = new RandomSource(seed: 5, stream: 0);
        var text = new StringBuilder();
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
                text.Append((random.NextInt(2000) / 1000.0).ToString(CultureInfo.InvariantCulture)).Append(',');
            text.Append((string)(row % 3 == 0 ? "cat" : row % 3 == 1 ? "dog" : "owl")).Append('\n');
        }

        return directory.Write("pets.csv", text.ToString());
    }

    private static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
