using Backprop.Coordinator.Dashboard;
using Microsoft.AspNetCore.Http;

namespace Backprop.Web.Tests;

/// <summary>
/// A page of elsewhere can have its own name lead to this machine, and then read what stands here: so only names that
/// always mean this machine are answered.
/// </summary>
public sealed class HostGuardTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:5080")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:5080")]
    [InlineData("127.8.9.10:1")]
    [InlineData("[::1]")]
    [InlineData("[::1]:5080")]
    [InlineData("[0:0:0:0:0:0:0:1]:5080")]
    public async Task Guard_NameOfThisMachine_IsAnswered(string host) => Assert.Equal((200, true), await AskAsync(host));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(":5080")]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("evil.example:5080")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost@evil.example")]
    [InlineData("127.0.0.1, evil.example")]
    [InlineData("0.0.0.0")]
    [InlineData("0.0.0.0:5080")]
    [InlineData("[::]")]
    [InlineData("192.168.1.5:5080")]
    [InlineData("128.0.0.1")]
    [InlineData("[::2]")]
    [InlineData("localhost]")]
    [InlineData("[localhost]")]
    public async Task Guard_AnyOtherName_IsRefused(string host) => Assert.Equal((421, false), await AskAsync(host));

    [Fact]
    public async Task Guard_RefusedRequest_HasTheStrictHeadersToo()
    {
        HttpContext context = new DefaultHttpContext();
        context.Request.Host = new HostString("evil.example");
        await DashboardEndpoints.Guard(context, _ => throw new InvalidOperationException("let through"));
        Assert.Equal("no-store", context.Response.Headers.CacheControl);
        Assert.Contains("frame-ancestors 'none'", context.Response.Headers.ContentSecurityPolicy.ToString(), StringComparison.Ordinal);
    }

    private static async Task<(int Status, bool IsAnswered)> AskAsync(string host)
    {
        HttpContext context = new DefaultHttpContext();
        context.Request.Headers.Host = host;
        bool answered = false;
        await DashboardEndpoints.Guard(context, _ =>
        {
            answered = true;
            return Task.CompletedTask;
        });
        return (context.Response.StatusCode, answered);
    }
}
