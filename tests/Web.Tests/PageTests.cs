using System.Text.RegularExpressions;
using Backprop.Cluster.Tests.Processes;
using Microsoft.Playwright;

namespace Backprop.Web.Tests;

/// <summary>The page in a browser, while a real run goes on.</summary>
public sealed class PageTests(Browser browser) : IClassFixture<Browser>
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    public async Task Page_RunningRun_ShowsCurvesWorkersAndEpochsWithoutOverflow(int width, ColorScheme scheme)
    {
        await using WatchedRun run = await WatchedRun.EndlessAsync();
        (IPage page, List<string> wrong) = await browser.OpenAsync(run.Page, width, scheme);

        await Assertions.Expect(page.Locator("#headline")).ToContainTextAsync("digits, 64-30-10");
        await Assertions.Expect(page.Locator("#workers")).ToContainTextAsync("w1");
        await Assertions.Expect(page.Locator("#workers")).ToContainTextAsync("w2");
        await Assertions.Expect(page.Locator("#epochs tr").Nth(5)).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#cost canvas")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#correct canvas")).ToBeVisibleAsync();

        // The curves go on while epochs end.
        int drawn = int.Parse((await page.Locator("#cost").GetAttributeAsync("data-epochs"))!, System.Globalization.CultureInfo.InvariantCulture);
        await page.WaitForFunctionAsync("drawn => Number(document.getElementById('cost').dataset.epochs) > drawn", drawn);
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"));
        await KeepPictureAsync(page, $"{width}-{scheme}.png");
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Page_WorkerKilled_ShowsItLostAndSaysSo()
    {
        await using WatchedRun run = await WatchedRun.EndlessAsync("--workers 1 --min-workers 1");
        await using ProgramProcess worker = ProgramProcess.Start(
            "Worker", run.Directory, ["--coordinator", run.WorkerAddress, "--name", "doomed", "--threads", "1", "--data-dir", run.Directory]);
        (IPage page, List<string> wrong) = await browser.OpenAsync(run.Page, 1280);
        await Assertions.Expect(page.Locator("#workers")).ToContainTextAsync("doomed");
        await Assertions.Expect(page.Locator("#workers tr", new() { HasText = "doomed" })).Not.ToContainTextAsync("receiving data");

        worker.Kill();

        // Between an epoch's last step and the next one's first stands its evaluation.
        var lost = new Regex(@"worker doomed lost at (step|the evaluation of epoch) \d");
        await Assertions.Expect(page.Locator("#notices")).ToContainTextAsync(lost);
        await Assertions.Expect(page.Locator("#workers tr", new() { HasText = "doomed" })).ToContainTextAsync("lost");
        Assert.Empty(wrong);
    }

    /// <summary>Hundreds of epochs a second: a row for each would take the browser's memory.</summary>
    [Fact]
    public async Task Page_ManyEpochs_TableShowsTheNewestAndCurvesAll()
    {
        await using WatchedRun run = await WatchedRun.StartAsync("--in-process --epochs 1000000");
        (IPage page, List<string> wrong) = await browser.OpenAsync(run.Page, 1280);
        await page.WaitForFunctionAsync("() => Number(document.getElementById('cost').dataset.epochs) > 300");
        await Assertions.Expect(page.Locator("#epochs tr")).ToHaveCountAsync(200);
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Page_DatasetNamedLikeMarkup_IsShownAsText()
    {
        using var data = new Backprop.Cluster.Tests.Commands.TemporaryDirectory();
        const string name = "<img src=x>.csv";

        // Milliseconds an epoch, so that the run outlasts a browser that is slow to start.
        string path = data.Write(name, string.Concat(Enumerable.Repeat("1,2,0\n3,4,1\n", 600)));
        await using WatchedRun run = await WatchedRun.StartAsync("--in-process --layers 2-1000-2 --epochs 1000000", "--dataset", path);
        (IPage page, List<string> wrong) = await browser.OpenAsync(run.Page, 1280);

        await Assertions.Expect(page.Locator("#headline")).ToContainTextAsync("<img src=x>");
        await Assertions.Expect(page.Locator("#facts")).ToContainTextAsync("<img src=x>");
        Assert.Equal(0, await page.Locator("main img").CountAsync());
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Page_RunEnds_ShowsTheVerdictAndStays()
    {
        await using WatchedRun run = await WatchedRun.StartAsync("--workers 0 --min-workers 1 --epochs 3 --listen 127.0.0.1:0");
        (IPage page, List<string> wrong) = await browser.OpenAsync(run.Page, 1280);
        await Assertions.Expect(page.Locator("#ready")).ToContainTextAsync("waiting for workers 0/1");
        await using ProgramProcess worker = ProgramProcess.Start(
            "Worker", run.Directory, ["--coordinator", run.WorkerAddress, "--threads", "1", "--data-dir", run.Directory]);

        await Assertions.Expect(page.Locator("#verdict")).ToContainTextAsync("completed: test accuracy");
        await Assertions.Expect(page.Locator("#verdict")).ToContainTextAsync("weights_sha256");
        Assert.Equal(0, await run.Program.ExitAsync());
        await Assertions.Expect(page.Locator("#phase")).ToHaveTextAsync("completed");
        await Assertions.Expect(page.Locator("#epochs tr")).ToHaveCountAsync(3);
        await KeepPictureAsync(page, "ended.png");
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task Page_CoordinatorKilled_SaysThatTheConnectionIsLost()
    {
        await using WatchedRun run = await WatchedRun.EndlessAsync();
        (IPage page, _) = await browser.OpenAsync(run.Page, 1280);
        await Assertions.Expect(page.Locator("#workers")).ToContainTextAsync("w1");

        run.Program.Kill();

        await Assertions.Expect(page.Locator("#phase")).ToHaveTextAsync("connection lost");
    }

    /// <summary>For people to look at, where BACKPROP_PICTURES names a directory.</summary>
    private static async Task KeepPictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("BACKPROP_PICTURES") is { Length: > 0 } directory)
            await page.ScreenshotAsync(new() { Path = Path.Combine(directory, name), FullPage = true });
    }
}
