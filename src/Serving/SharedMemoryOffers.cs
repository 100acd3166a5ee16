using System.Net;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Serving;

/// <summary>Offers shared memory to workers that call from this machine.</summary>
internal static class SharedMemoryOffers
{
    /// <summary>
    /// Two nodes a level of the tree are the most that a share of the shards takes; a few more for reassigned ones. No
    /// more than there are shards, since a slot's memory is taken at once.
    /// </summary>
    private const int SlotsAtMost = 14;

    /// <summary>Slots of large models are fewer; values beyond them are sent over gRPC.</summary>
    private const long SlotNumbersAtMost = 1L << 26;

    /// <summary>What is offered; nothing when the worker does not want it, calls from elsewhere, or there is no room.</summary>
    public static (WorkerMemory Memory, SharedMemoryOffer? Offer) For(JoinRequest join, RunSession session, ServerCallContext context)
    {
        DoorbellWatch watch = session.Watch;
        if (!join.SharedMemory || !IsLoopback(context))
            return (new WorkerMemory(null, null, watch), null);
        int wanted = Math.Min(SlotsAtMost, (int)session.Welcome.Shards);
        long fitting = SlotNumbersAtMost / session.Shape.ParameterCount;
        for (int slots = (int)Math.Clamp(fitting, 1, wanted); slots >= 1; slots /= 2)
        {
            string path = SharedDirectory.NewPath();
            try
            {
                SharedModels shared = SharedModels.Create(path, session.Shape, slots);
                var door = DoorbellListener.TryCreate(SharedDirectory.NewPath(), shared);
                SharedModels? weights = session.Weights.Memory;
                return (new WorkerMemory(shared, door, watch, isExpected: true, hasWeights: weights is not null), new SharedMemoryOffer
                {
                    Path = path,
                    Key = ByteString.CopyFrom(shared.Key),
                    Slots = (uint)slots,
                    Doorbell = door?.Path ?? "",
                    WeightsPath = weights?.Path ?? "",
                    WeightsKey = ByteString.CopyFrom(weights?.Key ?? []),
                    WeightsPlaces = (uint)(weights?.Count ?? 0),
                });
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // No room for so many: half of them may fit.
            }
        }

        return (new WorkerMemory(null, null, watch, isExpected: true), null);
    }

    private static bool IsLoopback(ServerCallContext context) =>
        context.GetHttpContext().Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);
}
