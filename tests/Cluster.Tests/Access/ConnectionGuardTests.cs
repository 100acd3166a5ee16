using System.Net;
using Backprop.Cluster.Tests.Processes;
using Backprop.Serving;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;

namespace Backprop.Cluster.Tests.Access;

/// <summary>Connections from other machines: so many an address, and each only until it should have shown what lets it in.</summary>
public sealed class ConnectionGuardTests
{
    private readonly FakeTimeProvider time = new();
    private readonly List<string> told = [];
    private readonly ConnectionGuard guard;

    public ConnectionGuardTests() => guard = new ConnectionGuard(new AccessLog(told.Add), time);

    [Fact]
    public async Task Connection_NoCallThatIsLetIn_IsEndedAndTold()
    {
        await using var connection = new Held(guard, "10.0.0.1");
        time.Advance(ConnectionGuard.AdmissionLimit - TimeSpan.FromTicks(1));
        Assert.False(connection.IsAborted);
        time.Advance(TimeSpan.FromTicks(1));
        await connection.AbortedAsync();
        Assert.Equal(["WARNING: a call from 10.0.0.1:7 was refused: it made no call that is let in within 15 s"], told);
    }

    [Fact]
    public async Task Connection_ACallWasLetIn_Stays()
    {
        await using var connection = new Held(guard, "10.0.0.1");
        connection.Admission.IsAdmitted = true;
        time.Advance(10 * ConnectionGuard.AdmissionLimit);
        Assert.False(connection.IsAborted);
        Assert.Empty(told);
    }

    [Fact]
    public async Task Connections_OfOneAddress_AreCountedAndThoseOfOthersAreNot()
    {
        var held = new List<Held>();
        try
        {
            for (int i = 0; i < ConnectionGuard.PerAddress; i++)
                held.Add(new Held(guard, "10.0.0.1"));
            Assert.All(held, connection => Assert.False(connection.IsAborted));

            await using var beyond = new Held(guard, "10.0.0.1");
            await beyond.AbortedAsync();
            Assert.Equal(["WARNING: a call from 10.0.0.1:7 was refused: there are 512 connections from its address already"], told);
            await using var mapped = new Held(guard, "::ffff:10.0.0.1");
            await mapped.AbortedAsync();
            await using var other = new Held(guard, "10.0.0.2");
            Assert.False(other.IsAborted);

            await held[0].DisposeAsync();
            await using var next = new Held(guard, "10.0.0.1");
            Assert.False(next.IsAborted);
        }
        finally
        {
            foreach (Held connection in held)
                await connection.DisposeAsync();
        }
    }

    /// <summary>A host on IPv6 may call from any address of its network.</summary>
    [Fact]
    public async Task Connections_OfOneIPv6Network_AreCountedTogether()
    {
        var held = new List<Held>();
        try
        {
            for (int i = 0; i < ConnectionGuard.PerAddress; i++)
                held.Add(new Held(guard, $"2001:db8:1:2::{i + 1:x}"));
            await using var beyond = new Held(guard, "2001:db8:1:2:ffff::1");
            await beyond.AbortedAsync();
            await using var other = new Held(guard, "2001:db8:1:3::1");
            Assert.False(other.IsAborted);
        }
        finally
        {
            foreach (Held connection in held)
                await connection.DisposeAsync();
        }
    }

    [Theory]
    [InlineData(false, false, 1)]
    [InlineData(true, false, 0)]
    [InlineData(false, true, 0)] // its certificate was told of
    public async Task Connection_EndsWithoutTls_IsToldOnce(bool isSecure, bool isTold, int lines)
    {
        await using (var connection = new Held(guard, "10.0.0.1"))
            (connection.Admission.IsSecure, connection.Admission.IsTold) = (isSecure, isTold);
        Assert.Equal(lines, told.Count(line => line.Contains("did not complete a TLS handshake", StringComparison.Ordinal)));
    }

    [Fact]
    public void Refusals_OfOneAddress_DoNotHideThoseOfAnother()
    {
        var log = new AccessLog(told.Add);
        for (int i = 0; i < 100; i++)
            log.Refused("why", new IPEndPoint(IPAddress.Parse("10.0.0.1"), i));
        log.Refused("why", new IPEndPoint(IPAddress.Parse("10.0.0.2"), 7));
        Assert.Equal(8, told.Count); // 1, 2, 4, … 64 of the one
        Assert.Equal("WARNING: a call from 10.0.0.2:7 was refused: why", told[^1]);

        // Whoever has very many addresses fills nothing by it.
        for (int i = 0; i < 100_000; i++)
            log.Refused("why", new IPEndPoint(i, 7));
        Assert.InRange(told.Count, 1000, 1100);
    }

    /// <summary>A connection whose inner part lasts until it is disposed of.</summary>
    private sealed class Held : IAsyncDisposable
    {
        private readonly DefaultConnectionContext context;
        private readonly TaskCompletionSource released = new();
        private readonly Task served;

        public Held(ConnectionGuard guard, string address)
        {
            context = new DefaultConnectionContext { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 7) };
            served = guard.Count(_ => released.Task)(context);
        }

        public bool IsAborted => context.ConnectionClosed.IsCancellationRequested;

        public ConnectionAdmission Admission => context.Features.Get<ConnectionAdmission>()!;

        public async Task AbortedAsync()
        {
            var aborted = new TaskCompletionSource();
            await using CancellationTokenRegistration registration = context.ConnectionClosed.Register(aborted.SetResult);
            await aborted.Task.WaitAsync(ProgramProcess.Deadline, TestContext.Current.CancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            released.TrySetResult();
            await served;
        }
    }
}
