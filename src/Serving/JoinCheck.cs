using Backprop.Protos;
using Backprop.Protos.Tensors;
using Grpc.Core;

namespace Backprop.Serving;

/// <summary>Whether a worker may take part.</summary>
internal static class JoinCheck
{
    private const int NameLengthAtMost = 100;
    public const int ThreadsAtMost = 4096;

    /// <exception cref="RpcException">It may not; the status says why.</exception>
    public static JoinRequest Check(Frame<WorkerMessage, NodeHeader>? first, RunSession session)
    {
        first?.Rented?.Return();
        JoinRequest join = first?.Message?.Join
            ?? throw Refused(StatusCode.InvalidArgument, "the first message of a call is a JoinRequest");
        if (join.ProtocolVersion != ProtocolVersion.Current)
        {
            string older = join.ProtocolVersion < ProtocolVersion.Current ? "worker" : "coordinator";
            throw Refused(
                StatusCode.FailedPrecondition,
                $"coordinator speaks {ProtocolVersion.Current}, worker {join.ProtocolVersion}: upgrade the {older}");
        }

        if (join.Name.Length is 0 or > NameLengthAtMost || join.Name.Any(char.IsControl))
            throw Refused(StatusCode.InvalidArgument, $"a worker's name has 1 to {NameLengthAtMost} printable characters");
        if (join.Threads is 0 or > ThreadsAtMost)
            throw Refused(StatusCode.InvalidArgument, $"a worker computes with 1 to {ThreadsAtMost} threads, not {join.Threads}");
        if (session.Fingerprint is not null && join.ArithmeticFingerprint != session.Fingerprint)
        {
            throw Refused(
                StatusCode.FailedPrecondition,
                $"worker {join.Name}'s processor gives other bits than the coordinator's (arithmetic fingerprint "
                + $"{Short(join.ArithmeticFingerprint)} instead of {Short(session.Fingerprint)}); use the same version of both programs "
                + "on processors of one kind, or start the coordinator with --allow-mixed-arithmetic, which gives up the "
                + "promise of equal weights");
        }

        return join;
    }

    private static string Short(string hash) => hash.Length <= 12 ? hash : hash[..12];

    private static RpcException Refused(StatusCode code, string why) => new(new Status(code, why));
}
