using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Backprop.Serving;
using Backprop.Scheduling;
using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Coordinator;

/// <summary>
/// Compares what two workers computed for one node, also when the second value comes after the step was committed: its
/// weights, and the bits of the value that went into them, are remembered as long as the scheduler says so.
/// </summary>
/// <param name="isOff">Whether workers may give other bits by right: nothing is compared then.</param>
internal sealed class ValueComparison(NodeValues values, OwnComputation own, bool isOff)
{
    private readonly Dictionary<long, CommittedStep> committed = [];
    private readonly List<Claim> claims = [];

    /// <summary>Remembers a step that is about to be committed.</summary>
    /// <param name="weights">Those of the step, before the update.</param>
    public void Remember(Work work, IReadOnlyList<ShardNode> nodes, Parameters weights) =>
        committed[work.Step] = new CommittedStep(
            weights.Copy(),
            nodes.ToDictionary(node => node, node => Claim.Of(node, values.All[node])));

    public void Forget(long step) => committed.Remove(step);

    /// <summary>Compares a value with the one that was kept for its node.</summary>
    public SchedulerEvent.ValueCompared Compare(Work work, ShardNode node, NodeValue value)
    {
        bool agrees;
        string? keptFrom;
        if (isOff)
            return new SchedulerEvent.ValueCompared(work, node, Agrees: true, value.Name, "");
        if (Past(work) is { } past)
        {
            Claim? kept = past.Kept.GetValueOrDefault(node);
            (agrees, keptFrom) = (kept is null || kept.Digest == Claim.DigestOf(value), kept?.Name);
        }
        else
        {
            bool isKept = values.All.TryGetValue(node, out NodeValue kept);
            (agrees, keptFrom) = (!isKept || kept.HasSameBits(value), kept.Name);
        }

        if (!agrees)
            claims.Add(Claim.Of(node, value));
        return new SchedulerEvent.ValueCompared(work, node, agrees, value.Name, keptFrom ?? "");
    }

    /// <summary>Computes a node here; where what was kept is wrong and not yet committed, this stands in its place.</summary>
    /// <param name="weights">Those of the current work.</param>
    public SchedulerEvent.NodeRecomputed Recompute(Work work, ShardNode node, Parameters weights)
    {
        CommittedStep? past = Past(work);
        NodeValue computed = own.Compute(work, node, past?.Weights ?? weights);
        Claim? kept = past is not null
            ? past.Kept.GetValueOrDefault(node)
            : values.All.TryGetValue(node, out NodeValue current) ? Claim.Of(node, current) : null;
        Claim right = Claim.Of(node, computed);
        bool keptWasWrong = kept is not null && !kept.IsSaidBy(right);
        var wrong = new List<(WorkerId, string)>();
        foreach (Claim claim in claims.Where(claim => claim.Node == node).Append(kept).OfType<Claim>())
        {
            if (!claim.IsSaidBy(right) && claim.Worker is { } worker && !wrong.Contains((worker, claim.Name)))
                wrong.Add((worker, claim.Name));
        }

        claims.RemoveAll(claim => claim.Node == node);
        var told = new SchedulerEvent.NodeRecomputed(work, node, wrong, keptWasWrong, computed.IsFinite);
        if (past is null && keptWasWrong)
            values.Replace(node, computed);
        else
            own.Return(computed);
        return told;
    }

    private CommittedStep? Past(Work work) =>
        work.Kind == WorkKind.Training ? committed.GetValueOrDefault(work.Step) : null;

    private sealed record CommittedStep(Parameters Weights, Dictionary<ShardNode, Claim> Kept);

    /// <summary>What somebody says that a node's value is, by its SHA-256.</summary>
    private sealed record Claim(ShardNode Node, WorkerId? Worker, string Name, string Digest, bool IsFinite)
    {
        public static Claim Of(ShardNode node, NodeValue value) => new(node, value.Worker, value.Name, DigestOf(value), value.IsFinite);

        /// <summary>Which bits a NaN has is nobody's fault where the training runs away.</summary>
        public bool IsSaidBy(Claim other) => Digest == other.Digest || (!IsFinite && !other.IsFinite);

        public static string DigestOf(NodeValue value)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (LayerParameters layer in value.Sum?.Layers ?? [])
            {
                hash.AppendData(MemoryMarshal.AsBytes(layer.Numbers.Span));
            }

            hash.AppendData(BitConverter.GetBytes(value.Totals.Cost));
            hash.AppendData(BitConverter.GetBytes(value.Totals.CorrectCount));
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }
}
