using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Backprop.Protos;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Backprop.Serving;

/// <summary>
/// Looks at the length that a call's first message claims, before gRPC does: that answers lengths of 2^31 and more with
/// UNKNOWN, where every other length above the limit gets RESOURCE_EXHAUSTED.
/// </summary>
internal static class ClaimedLength
{
    /// <summary>A byte that says whether the message is compressed, then its length, big-endian.</summary>
    private const int PrefixLength = 5;

    public static async Task Guard(HttpContext context, RequestDelegate next)
    {
        PipeReader body = context.Request.BodyReader;
        ReadResult read = await body.ReadAtLeastAsync(PrefixLength, context.RequestAborted);
        bool isTooLong = read.Buffer.Length >= PrefixLength && LengthOf(read.Buffer) > int.MaxValue;

        // Nothing is taken: gRPC reads all of it again.
        body.AdvanceTo(read.Buffer.Start);
        if (!isTooLong)
        {
            await next(context);
            return;
        }

        GrpcRefusal.Answer(
            context, StatusCode.ResourceExhausted,
            $"A message claims 2^31 bytes or more; at most {ProtocolVersion.MaximumMessageLength} are taken.");
    }

    private static uint LengthOf(ReadOnlySequence<byte> prefix)
    {
        Span<byte> bytes = stackalloc byte[PrefixLength];
        prefix.Slice(0, PrefixLength).CopyTo(bytes);
        return BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
    }
}
