using Backprop.Cluster.Tests.Processes;
using Backprop.Serving;
using Backprop.Core.Data;
using Backprop.Protos;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using DatasetRequest = Backprop.Protos.DatasetRequest;

namespace Backprop.Cluster.Tests.Network;

public sealed class DatasetStreamTests
{
    private static readonly Dataset digits = Datasets.Open(new Core.Data.DatasetRequest(Datasets.Digits));

    /// <summary>Its connection lives: pings are answered, and the data is not taken.</summary>
    [Fact]
    public async Task Send_NobodyReads_EndsTheCall()
    {
        var time = new FakeTimeProvider();
        var reader = new StuckReader();
        using var stream = new DatasetStream(digits, time);
        Task sending = stream.SendAsync(new DatasetRequest { Sha256 = digits.Sha256 }, reader, TestContext.Current.CancellationToken);
        await reader.Reached.WaitAsync(ProgramProcess.Deadline, TestContext.Current.CancellationToken);

        time.Advance(TimeSpan.FromMinutes(1));

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => sending);
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.EndsWith(" bytes were not taken within 60 s.", error.Status.Detail, StringComparison.Ordinal);
    }

    /// <summary>Each costs memory and a share of the link.</summary>
    [Fact]
    public async Task Send_MoreAtOnceThanAreServed_WaitForTheirTurn()
    {
        using var stream = new DatasetStream(digits, TimeProvider.System);
        using var gone = new CancellationTokenSource();
        StuckReader[] readers = [.. Enumerable.Range(0, DatasetStream.StreamsAtMost + 1).Select(_ => new StuckReader())];
        Task[] sending = [.. readers.Select(reader => stream.SendAsync(new DatasetRequest { Sha256 = digits.Sha256 }, reader, gone.Token))];
        await Task.WhenAll(readers[..^1].Select(reader => reader.Reached)).WaitAsync(ProgramProcess.Deadline, TestContext.Current.CancellationToken);
        Assert.False(readers[^1].Reached.IsCompleted);
        readers[0].Break();
        await readers[^1].Reached.WaitAsync(ProgramProcess.Deadline, TestContext.Current.CancellationToken);
        await gone.CancelAsync();
        await Task.WhenAll(sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    private sealed class StuckReader : IServerStreamWriter<DatasetChunk>
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly TaskCompletionSource broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Its connection is gone.</summary>
        public void Break() => broken.SetException(new IOException("gone"));

        /// <summary>Completes when the first chunk waits to be taken.</summary>
        public Task Reached => reached.Task;

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(DatasetChunk message) => throw new NotSupportedException();

        public Task WriteAsync(DatasetChunk message, CancellationToken cancellationToken)
        {
            reached.SetResult();
            return broken.Task.WaitAsync(cancellationToken);
        }
    }
}
