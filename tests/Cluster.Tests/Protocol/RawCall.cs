using System.Net;
using System.Net.Http.Headers;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>A gRPC call written by hand over HTTP/2, so that its bytes can be wrong below gRPC's own message.</summary>
internal static class RawCall
{
    public const string Work = "/backprop.v1.Training/Work";
    public const string FetchDataset = "/backprop.v1.Training/FetchDataset";
    public const string GetStatus = "/backprop.v1.RunControl/GetStatus";
    public const string CheckHealth = "/grpc.health.v1.Health/Check";

    /// <summary>A message with the five bytes that go before it: compressed or not, and its length.</summary>
    public static byte[] Prefixed(byte[] message, byte flag = 0, uint? claimedLength = null)
    {
        uint length = claimedLength ?? (uint)message.Length;
        return [flag, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, .. message];
    }

    /// <summary>Sends bytes, ends the request, and reads the answer to its end.</summary>
    /// <returns>grpc-status, grpc-message, and the bytes of the answer.</returns>
    public static async Task<(int Status, string Message, byte[] Answer)> SendAsync(
        HttpClient client, string address, string path, byte[] body, string? encoding = null, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address.TrimEnd('/') + path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (encoding is not null)
            request.Headers.Add("grpc-encoding", encoding);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        byte[] answer = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        string status = Field(response, "grpc-status") ?? throw new InvalidOperationException("no grpc-status");
        return (int.Parse(status, System.Globalization.CultureInfo.InvariantCulture),
            Uri.UnescapeDataString(Field(response, "grpc-message") ?? ""), answer);
    }

    /// <summary>From the trailers, or the headers when the answer is nothing but a status.</summary>
    private static string? Field(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out IEnumerable<string>? values)
        || response.Headers.TryGetValues(name, out values)
            ? values.Single()
            : null;
}
