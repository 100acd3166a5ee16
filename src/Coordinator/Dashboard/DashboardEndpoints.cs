using System.Globalization;
using System.Net;
using System.Text;
using Backprop.Coordinator.Progress;
using Backprop.Core.Training;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Backprop.Coordinator.Dashboard;

/// <summary>The page: the run's facts, its workers and its epochs, renewed by the browser every two seconds.</summary>
public static class DashboardEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints, DashboardFeed feed)
    {
        endpoints.MapGet("/healthz", () => Results.Text("ok"));
        endpoints.MapGet("/", (HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            return Results.Content(Page(feed.Read()), "text/html; charset=utf-8");
        });
    }

    private static string Page(DashboardState state)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Backprop</title>");
        if (state.Verdict is null)
            html.Append("<meta http-equiv=\"refresh\" content=\"2\">");
        html.Append("<style>:root{color-scheme:light dark}body{font:16px system-ui;max-width:50rem;margin:2rem auto;padding:0 1rem}"
            + "td,th{padding:.2rem 1rem .2rem 0;text-align:left}</style><h1>Backprop</h1>");
        if (state.Run is { } run)
            html.Append(Text($"<p>{Safe(run.DatasetName)}, {Safe(run.Configuration.Layers)}, {run.Configuration.Epochs} epochs</p>"));
        if (state.Latest is { } latest)
            AppendProgress(html, state, latest);
        html.Append("<h2>Epochs</h2><table><tr><th>epoch<th>training loss<th>test loss<th>correct</tr>");
        foreach (EpochResult epoch in state.Epochs)
            html.Append(Text($"<tr><td>{epoch.Epoch}<td>{epoch.TrainingLoss:0.0000}<td>{epoch.TestLoss:0.0000}<td>{epoch.TestCorrect} / {epoch.TestCount}</tr>"));
        html.Append("</table>");
        foreach (string notice in state.Notices)
            html.Append(Text($"<p>{Safe(notice)}</p>"));
        if (state.Verdict is { } verdict)
            html.Append(Text($"<h2>{Safe(verdict.Status)}</h2><p>weights_sha256 <code>{verdict.WeightsSha256}</code></p>"));
        return html.ToString();
    }

    private static void AppendProgress(StringBuilder html, DashboardState state, ProgressSnapshot latest)
    {
        html.Append(Text($"<p>{latest.Phase}: step {latest.Step} of {state.Run?.Plan.StepCount}, {latest.ExamplesPerSecond:N0} examples/s</p>"));
        html.Append("<h2>Workers</h2><table><tr><th>name<th>doing<th>nodes<th>examples</tr>");
        foreach (WorkerSnapshot worker in latest.Workers)
            html.Append(Text($"<tr><td>{Safe(worker.Name)}<td>{worker.Activity}<td>{Safe(worker.Nodes)}<td>{worker.Examples}</tr>"));
        html.Append("</table>");
    }

    private static string Safe(string text) => WebUtility.HtmlEncode(text);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
