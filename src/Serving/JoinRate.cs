using System.Net;
using System.Threading.RateLimiting;
using Grpc.Core;

namespace Backprop.Serving;

/// <summary>
/// Lets so many joins a second in: each costs memory and a line to people. All workers of a full run may come at once, and
/// again after their coordinator was started again.
/// </summary>
internal sealed class JoinRate(AccessLog log) : IDisposable
{
    /// <summary>Joins that may come at once.</summary>
    public const int Burst = 512;

    private const int PerSecond = 32;

    /// <summary>What a worker is told that came too fast; it tries again by itself.</summary>
    public static readonly string Refusal = $"Joins come faster than {PerSecond} a second; the worker tries again.";

    private readonly TokenBucketRateLimiter limiter = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = Burst,
        TokensPerPeriod = PerSecond,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        QueueLimit = 0,
    });

    /// <summary>Counts a join that is let in otherwise.</summary>
    /// <exception cref="RpcException">Too many came: <see cref="Refusal"/>.</exception>
    public void Take()
    {
        using RateLimitLease lease = limiter.AttemptAcquire();
        if (!lease.IsAcquired)
            throw new RpcException(new Status(StatusCode.ResourceExhausted, Refusal));
    }

    /// <summary>Tells the operator of a refusal.</summary>
    public void Tell(EndPoint? peer) => log.Refused($"joins came faster than {PerSecond} a second", peer);

    public void Dispose() => limiter.Dispose();
}
