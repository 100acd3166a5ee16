using System.Threading.RateLimiting;
using Grpc.Core;

namespace Backprop.Coordinator.Transport;

/// <summary>
/// Lets so many joins a second in: each costs memory and a line to people. All workers of a full run may come at once, and
/// again after their coordinator was started again.
/// </summary>
internal sealed class JoinRate(AccessLog log) : IDisposable
{
    /// <summary>Joins that may come at once.</summary>
    public const int Burst = 512;

    private const int PerSecond = 32;

    private readonly TokenBucketRateLimiter limiter = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = Burst,
        TokensPerPeriod = PerSecond,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        QueueLimit = 0,
    });

    /// <exception cref="RpcException">Too many came; a worker tries again by itself.</exception>
    public void Take(string peer)
    {
        using RateLimitLease lease = limiter.AttemptAcquire();
        if (lease.IsAcquired)
            return;
        log.Refused($"joins came faster than {PerSecond} a second", peer);
        throw new RpcException(new Status(
            StatusCode.ResourceExhausted, $"Joins come faster than {PerSecond} a second; the worker tries again."));
    }

    public void Dispose() => limiter.Dispose();
}
