using Backprop.Cluster.Tests.Processes;
using Backprop.Coordinator.Transport;
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
        Task sending = DatasetStream.SendAsync(
            new DatasetRequest { Sha256 = digits.Sha256 }, reader, digits, time, TestContext.Current.CancellationToken);
        await reader.Reached.WaitAsync(ProgramProcess.Deadline, TestContext.Current.CancellationToken);

        time.Advance(TimeSpan.FromMinutes(1));

        RpcException error = await Assert.ThrowsAsync<RpcException>(() => sending);
        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.EndsWith(" bytes were not taken within 60 s.", error.Status.Detail, StringComparison.Ordinal);
    }

    private sealed class StuckReader : IServerStreamWriter<DatasetChunk>
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when the first chunk waits to be taken.</summary>
        public Task Reached => reached.Task;

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(DatasetChunk message) => throw new NotSupportedException();

        public Task WriteAsync(DatasetChunk message, CancellationToken cancellationToken)
        {
            reached.SetResult();
            return Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
