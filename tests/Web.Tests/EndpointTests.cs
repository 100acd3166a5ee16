using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Web.Tests;

/// <summary>What the page's address answers, over a real socket.</summary>
public sealed class EndpointTests : IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = ProgramProcess.Deadline };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => client.Dispose();

    [Fact]
    public async Task Page_AndItsParts_AreServedWithStrictHeaders()
    {
        await using WatchedRun run = await WatchedRun.EndlessAsync();
        foreach (string path in (string[])["/", "/page.js", "/page.css", "/icon.svg", "/uplot/uPlot.iife.min.js", "/uplot/LICENSE", "/api/state", "/healthz"])
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri(run.Page, path), Cancellation);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("default-src 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("DENY", Assert.Single(answer.Headers.GetValues("X-Frame-Options")));
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    [Theory]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("192.168.1.5", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:80", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    public async Task Request_NamesAHost_OnlyThisMachineIsAnswered(string host, HttpStatusCode expected)
    {
        await using WatchedRun run = await WatchedRun.StartAsync("--in-process --epochs 1000000");
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(run.Page, "/api/state"));
        request.Headers.Host = host;
        using HttpResponseMessage answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task Metrics_RunningRun_ArePrometheusText()
    {
        await using WatchedRun run = await WatchedRun.EndlessAsync();
        await run.Program.LineAsync("^Epoch 1:");
        string text = await client.GetStringAsync(new Uri(run.Page, "/metrics"), Cancellation);

        Assert.Matches(@"(?m)^# TYPE backprop_steps_total counter$", text);
        Assert.True(Figure(text, "backprop_steps_total") >= 300, text);
        Assert.Equal(2, Figure(text, "backprop_workers_ready"));
        Assert.InRange(Figure(text, "backprop_test_accuracy"), 0.2, 1);
        Assert.Matches(@"(?m)^backprop_worker_examples_total\{[^}]*worker=""w1""[^}]*\} [1-9]", text);
    }

    [Fact]
    public async Task Events_WholeRun_TellsEveryEpochAndTheVerdictAndEnds()
    {
        // In one process the page opens before training starts and closes after the verdict was told.
        await using WatchedRun run = await WatchedRun.StartAsync("--workers 0 --min-workers 1 --epochs 3 --listen 127.0.0.1:0");
        using HttpResponseMessage answer = await client.GetAsync(
            new Uri(run.Page, "/events"), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        await using ProgramProcess worker = ProgramProcess.Start(
            "Worker", run.Directory, ["--coordinator", run.WorkerAddress, "--name", "hand", "--data-dir", run.Directory]);

        string text = await answer.Content.ReadAsStringAsync(Cancellation);

        JsonElement[] states = [.. Regex.Matches(text, "(?m)^data: (.*)$").Select(line => JsonDocument.Parse(line.Groups[1].Value).RootElement)];
        Assert.True(states[0].GetProperty("is_whole").GetBoolean());
        Assert.Equal("64-30-10", states[0].GetProperty("run").GetProperty("layers").GetString());
        int[] epochs = [.. states.SelectMany(state => state.GetProperty("epochs").EnumerateArray()).Select(epoch => epoch.GetProperty("epoch").GetInt32())];
        Assert.Equal([0, 1, 2], epochs);
        JsonElement verdict = states[^1].GetProperty("verdict");
        Assert.Equal("completed", verdict.GetProperty("status").GetString());
        Assert.Equal(0, await run.Program.ExitAsync());
        string summary = await File.ReadAllTextAsync(Path.Combine(run.Directory, "run", "summary.json"), Cancellation);
        Assert.Equal(
            JsonDocument.Parse(summary).RootElement.GetProperty("weights_sha256").GetString(),
            verdict.GetProperty("weights_sha256").GetString());
    }

    [Fact]
    public async Task Events_MoreThanTheLimit_AreRefused()
    {
        await using WatchedRun run = await WatchedRun.StartAsync("--workers 0 --listen 127.0.0.1:0");
        List<HttpResponseMessage> open = [];
        try
        {
            for (int i = 0; i < 64; i++)
            {
                open.Add(await client.GetAsync(new Uri(run.Page, "/events"), HttpCompletionOption.ResponseHeadersRead, Cancellation));
                Assert.Equal(HttpStatusCode.OK, open[^1].StatusCode);
            }

            using HttpResponseMessage refused = await client.GetAsync(new Uri(run.Page, "/events"), Cancellation);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }
        finally
        {
            open.ForEach(answer => answer.Dispose());
        }
    }

    private static double Figure(string text, string name)
    {
        Match line = Regex.Match(text, $@"(?m)^{name}(?:\{{[^}}]*\}})? (\S+)");
        Assert.True(line.Success, $"No {name} in:\n{text}");
        return double.Parse(line.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
    }
}
