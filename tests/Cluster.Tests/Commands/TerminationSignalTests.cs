using System.Runtime.InteropServices;
using Backprop.CommandLine;

namespace Backprop.Cluster.Tests.Commands;

public sealed class TerminationSignalTests
{
    [Theory]
    [InlineData(PosixSignal.SIGINT, 130)]
    [InlineData(PosixSignal.SIGTERM, 143)]
    public async Task Receive_FirstSignal_CancelsAndKeepsTheProcess(PosixSignal signal, int exitCode)
    {
        using var termination = new TerminationSignal();
        Assert.Null(termination.Received);
        Assert.Equal(0, termination.ExitCode);

        var cancelled = new TaskCompletionSource();
        await using CancellationTokenRegistration registration = termination.Token.Register(cancelled.SetResult);
        var context = new PosixSignalContext(signal);
        termination.Receive(context);

        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True(context.Cancel);
        Assert.Equal(signal, termination.Received);
        Assert.Equal(exitCode, termination.ExitCode);
    }

    [Fact]
    public void Receive_SameWishTwice_KeepsTheProcess()
    {
        // The clock stands still: the second signal is of the same moment. Were it taken for another wish, this process ended.
        using var termination = new TerminationSignal(new StandingClock());
        termination.Receive(new PosixSignalContext(PosixSignal.SIGTERM));
        var context = new PosixSignalContext(PosixSignal.SIGTERM);
        termination.Receive(context);
        Assert.True(context.Cancel);
        Assert.Equal(143, termination.ExitCode);
    }

    private sealed class StandingClock : TimeProvider
    {
        public override long GetTimestamp() => 1;
    }
}
