using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Web.Tests;

/// <summary>A training run as a real process, with its page on a free port.</summary>
internal sealed class WatchedRun : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();

    private WatchedRun(string options, string[] more) => Program = ProgramProcess.Start(
        "Coordinator", directory.Path,
        [
            .. options.Split(' '), .. more, "--run-dir", Path.Combine(directory.Path, "run"), "--dashboard", "127.0.0.1:0",
        ]);

    public ProgramProcess Program { get; }

    public Uri Page { get; private set; } = null!;

    public string WorkerAddress { get; private set; } = "";

    public string Directory => directory.Path;

    /// <summary>A run that lasts until the test ends it.</summary>
    public static Task<WatchedRun> EndlessAsync(string options = "--workers 2") =>
        StartAsync($"{options} --epochs 1000000 --threads 1 --listen 127.0.0.1:0");

    public static async Task<WatchedRun> StartAsync(string options, params string[] more)
    {
        var run = new WatchedRun(options, more);
        try
        {
            if (!options.Contains("--in-process", StringComparison.Ordinal))
                run.WorkerAddress = (await run.Program.LineAsync(@"more may join at (\S+)")).Groups[1].Value;
            run.Page = new Uri((await run.Program.LineAsync(@"page\s+(http\S+)")).Groups[1].Value);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Program.DisposeAsync();
        directory.Dispose();
    }
}
