using System.Security.Cryptography;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Backprop.Serving;

/// <summary>
/// Lets nobody call without the run's token, whatever the call's name: none is answered, and nothing of it is read.
/// </summary>
internal sealed class TokenGuard(string token, AccessLog log)
{
    private readonly byte[] expected = SHA256.HashData(Encoding.UTF8.GetBytes("Bearer " + token));

    public Task Guard(HttpContext context, RequestDelegate next)
    {
        string given = context.Request.Headers.Authorization.ToString();
        if (given.Length == 0)
            return Refuse(context, "it showed no token", "No token: start the worker with --token-file.");

        // Hashes of equal length: the time taken says nothing about the token.
        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), expected))
            return Refuse(context, "it showed another token", "Not this run's token: see the worker's --token-file.");
        if (context.Features.Get<ConnectionAdmission>() is { } admission)
            admission.IsAdmitted = true;
        return next(context);
    }

    private Task Refuse(HttpContext context, string why, string told)
    {
        log.Refused(why, context.Peer());
        if (context.Features.Get<ConnectionAdmission>() is { } admission)
            admission.IsTold = true;
        GrpcRefusal.Answer(context, StatusCode.Unauthenticated, told);
        return Task.CompletedTask;
    }
}
