using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Backprop.Coordinator.Dashboard;

/// <summary>What the page's address answers: the page and its parts, its events, health and metrics.</summary>
internal static class DashboardEndpoints
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Headers for every answer; other names than this machine's are refused, as a page of elsewhere could use them.</summary>
    public static async Task Guard(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        if (!IsThisMachine(context.Request.Host.Host))
        {
            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            await context.Response.WriteAsync("This page answers to localhost and loopback addresses only.");
            return;
        }

        await next(context);
    }

    public static void Map(IEndpointRouteBuilder endpoints, DashboardFeed feed)
    {
        var events = new EventStream(feed, TimeProvider.System);
        endpoints.MapGet("/healthz", () => Results.Text("ok"));
        endpoints.MapGet("/api/state", () => Results.Text(events.Whole(), "application/json"));
        endpoints.MapGet("/events", (CancellationToken aborted) => events.TryEnter()
            ? Results.ServerSentEvents(events.ReadAsync(aborted))
            : Results.Text($"At most {EventStream.StreamsAtMost} pages at once.", statusCode: StatusCodes.Status503ServiceUnavailable));
        foreach (PageFile file in PageFile.All)
            endpoints.MapGet(file.Path, () => Results.Bytes(file.Content, file.ContentType));
        endpoints.MapPrometheusScrapingEndpoint("/metrics");
    }

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
