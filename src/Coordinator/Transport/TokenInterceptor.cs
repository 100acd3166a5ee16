using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Backprop.Coordinator.Transport;

/// <summary>Lets nobody call without the run's token: no call of any service is answered, and nothing of it is read.</summary>
internal sealed class TokenInterceptor(string token, AccessLog log) : Interceptor
{
    private readonly byte[] expected = SHA256.HashData(Encoding.UTF8.GetBytes("Bearer " + token));

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, responseStream, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Check(ServerCallContext context)
    {
        string? given = context.RequestHeaders.GetValue("authorization");
        if (given is null)
            throw Refused(context, "it showed no token", "No token: start the worker with --token-file.");

        // Hashes of equal length: the time taken says nothing about the token.
        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), expected))
            throw Refused(context, "it showed another token", "Not this run's token: see the worker's --token-file.");
    }

    private RpcException Refused(ServerCallContext context, string why, string told)
    {
        log.Refused(why, context.Peer);
        return new RpcException(new Status(StatusCode.Unauthenticated, told));
    }
}
