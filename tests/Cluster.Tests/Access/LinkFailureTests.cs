using Backprop.Worker.Transport;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Access;

public sealed class LinkFailureTests
{
    /// <summary>What .NET says when the other side leaves between the handshake and the first request, without a cause.</summary>
    private static readonly HttpRequestException left = new("the server did not complete the HTTP/2 handshake.");

    [Theory]
    [InlineData("https://there:1", false, "the server did not complete the HTTP/2 handshake; a coordinator that asks workers for certificates takes those of its own authority: --cert-file and --key-file")]
    [InlineData("http://there:1", false, "the server did not complete the HTTP/2 handshake; a coordinator with a certificate is called by https://")]
    [InlineData("https://there:1", true, "the server did not complete the HTTP/2 handshake")]
    public void Describe_LeftBeforeTheFirstRequest_SaysWhatToChange(string coordinator, bool wasWelcomed, string expected) =>
        Assert.Equal(expected, LinkFailure.Describe(new RpcException(new Status(StatusCode.Unavailable, "", left)), new Uri(coordinator), wasWelcomed));
}
