using Backprop.Cluster.Tests.Access;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Deploy.Tests.Published;

namespace Backprop.Deploy.Tests.Containers;

/// <summary>The two images: what is in them, and a run of both.</summary>
[Collection(PublishedPrograms.Collection)]
public sealed class ImageTests(PublishedPrograms published) : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Images_BuiltAndRun_AreConfinedAndTrainToTheSameWeights()
    {
        Image coordinatorImage = await Image.BuildAsync(published, "coordinator", directory.Path);
        Image workerImage = await Image.BuildAsync(published, "worker", directory.Path);
        foreach (Image image in (Image[])[coordinatorImage, workerImage])
        {
            Assert.Equal(("1654:1654", "SIGTERM"), (image.User, image.StopSignal));
            Assert.Equal("1654 1654\n", await Command.SucceedAsync("stat", ["--format=%u %g", Path.Combine(image.Root, "data")]));
            Assert.True(new FileInfo(image.Archive).Length > 10_000_000);
            Assert.DoesNotContain(
                Directory.EnumerateFiles(image.Root, "*", SearchOption.AllDirectories),
                path => Path.GetFileName(path) is "sh" or "bash" or "busybox" or "apt" or "dotnet");
        }

        Assert.Equal(("/app/Backprop.Coordinator", "/app/Backprop.Worker"), (coordinatorImage.Entrypoint, workerImage.Entrypoint));
        Assert.Equal(["5000/tcp"], coordinatorImage.Ports);
        Assert.Empty(workerImage.Ports);

        string data = await DataAsync();
        string[] options = ["--run-dir=/data/run", "--or-resume", "--workers=0", "--min-workers=1", "--epochs=400", "--listen=127.0.0.1:0", "--dashboard=off",
            "--cert-file=/data/keys/server.pem", "--key-file=/data/keys/server.key", "--token-file=/data/keys/token.txt"];
        string address;
        await using (ProgramProcess first = coordinatorImage.Start(data, ["train", .. options]))
        {
            address = (await first.LineAsync(@"more may join at (https://\S+)")).Groups[1].Value;
            await using ProgramProcess worker = StartWorker(workerImage, data, address);
            await first.LineAsync("^Epoch 3: ");
            await using ProgramProcess health = coordinatorImage.Start(
                data, "health", address.TrimEnd('/'), "--ca-file=/data/keys/ca.pem", "--token-file=/data/keys/token.txt");
            await health.LineAsync("^serving$");
            ProgramProcess.Signal(first.Id, "TERM");
            Assert.Equal(143, await first.ExitAsync());
            ProgramProcess.Signal(worker.Id, "TERM");
            Assert.Equal(0, await worker.ExitAsync());
        }

        await using ProgramProcess second = coordinatorImage.Start(data, ["train", .. options]);
        address = (await second.LineAsync(@"more may join at (https://\S+)")).Groups[1].Value;
        await using ProgramProcess back = StartWorker(workerImage, data, address);
        Assert.Equal(0, await second.ExitAsync());
        Assert.Equal(0, await back.ExitAsync());
        await second.LineAsync("going on from step ");

        string alone = Path.Combine(directory.Path, "alone");
        await Command.SucceedAsync(published.Coordinator, ["train", "--in-process", "--epochs", "400", "--dashboard", "off", "--run-dir", alone]);
        Assert.Equal(Verdict.WeightsOf(alone), Verdict.WeightsOf(Path.Combine(data, "run")));
    }

    private static ProgramProcess StartWorker(Image image, string data, string address) => image.Start(
        data, $"--coordinator={address}", "--ca-file=/data/keys/ca.pem", "--token-file=/data/keys/token.txt", "--data-dir=/tmp/data", "--threads=1");

    /// <summary>The volume, with the keys in it, owned by the images' user.</summary>
    private async Task<string> DataAsync()
    {
        Directory.CreateDirectory(Path.Combine(directory.Path, "data"));
        await Keys.MakeAsync(directory, "data/keys", "127.0.0.1");
        string data = Path.Combine(directory.Path, "data");
        await Command.SucceedAsync("chown", ["-R", "1654:1654", data]);
        await Command.SucceedAsync("chmod", ["o+x", directory.Path]);
        return data;
    }
}
