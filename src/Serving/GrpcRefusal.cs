using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Backprop.Serving;

/// <summary>Answers a call with an error before gRPC sees it.</summary>
internal static class GrpcRefusal
{
    /// <param name="message">ASCII without a percent sign, as the header carries it.</param>
    public static void Answer(HttpContext context, StatusCode status, string message)
    {
        context.Response.ContentType = "application/grpc";
        context.Response.Headers["grpc-status"] = $"{(int)status}";
        context.Response.Headers["grpc-message"] = message;
    }
}
