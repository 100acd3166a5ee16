using Backprop.Core.Data;
using Backprop.Protos;
using Google.Protobuf;
using Grpc.Core;
using DatasetRequest = Backprop.Protos.DatasetRequest;

namespace Backprop.Serving;

/// <summary>Streams the run's data set to workers that do not hold it, from where it stands.</summary>
internal sealed class DatasetStream(Dataset dataset, TimeProvider time) : IDisposable
{
    /// <summary>Streams at once; others wait their turn, and the link is the same for all of them.</summary>
    public const int StreamsAtMost = 32;

    /// <summary>How long a worker may take for a chunk: a link of 100 kbit/s does, one that does not read is let go.</summary>
    private static readonly TimeSpan ChunkLimit = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim turns = new(StreamsAtMost);

    /// <exception cref="RpcException">NOT_FOUND: the run has another data set. DEADLINE_EXCEEDED: nobody reads.</exception>
    public async Task SendAsync(DatasetRequest request, IServerStreamWriter<DatasetChunk> responses, CancellationToken cancellation)
    {
        if (request.Sha256 != dataset.Sha256)
        {
            throw new RpcException(new Status(
                StatusCode.NotFound, $"This run's data set is {dataset.Name}, SHA-256 {dataset.Sha256}."));
        }

        await turns.WaitAsync(cancellation);
        try
        {
            foreach (ReadOnlyMemory<byte> block in DatasetFile.Blocks(dataset))
                await SendAsync(new DatasetChunk { Data = UnsafeByteOperations.UnsafeWrap(block) }, responses, cancellation);
        }
        finally
        {
            turns.Release();
        }
    }

    public void Dispose() => turns.Dispose();

    private async Task SendAsync(DatasetChunk chunk, IServerStreamWriter<DatasetChunk> responses, CancellationToken cancellation)
    {
        using var slow = new CancellationTokenSource(ChunkLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(slow.Token, cancellation);
        try
        {
            await responses.WriteAsync(chunk, either.Token);
        }
        catch (OperationCanceledException) when (slow.IsCancellationRequested)
        {
            throw new RpcException(new Status(
                StatusCode.DeadlineExceeded, $"{chunk.Data.Length} bytes were not taken within {ChunkLimit.TotalSeconds:0} s."));
        }
    }
}
