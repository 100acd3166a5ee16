using System.IO.Pipelines;
using Backprop.Core.Data;
using Backprop.Protos;
using Google.Protobuf;
using Grpc.Core;
using DatasetRequest = Backprop.Protos.DatasetRequest;

namespace Backprop.Coordinator.Transport;

/// <summary>Streams the run's data set to a worker that does not hold it.</summary>
internal static class DatasetStream
{
    private const int ChunkLength = 512 * 1024;

    /// <summary>How long a worker may take for a chunk: a link of 100 kbit/s does, one that does not read is let go.</summary>
    private static readonly TimeSpan ChunkLimit = TimeSpan.FromMinutes(1);

    /// <exception cref="RpcException">NOT_FOUND: the run has another data set. DEADLINE_EXCEEDED: nobody reads.</exception>
    public static async Task SendAsync(
        DatasetRequest request, IServerStreamWriter<DatasetChunk> responses, Dataset dataset, TimeProvider time,
        CancellationToken cancellation)
    {
        if (request.Sha256 != dataset.Sha256)
        {
            throw new RpcException(new Status(
                StatusCode.NotFound, $"This run's data set is {dataset.Name}, SHA-256 {dataset.Sha256}."));
        }

        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4 * ChunkLength, resumeWriterThreshold: ChunkLength));
        Task writing = Task.Run(() => Produce(dataset, pipe.Writer), cancellation);
        try
        {
            byte[] chunk = new byte[ChunkLength];
            using Stream bytes = pipe.Reader.AsStream();
            int length;
            while ((length = await bytes.ReadAtLeastAsync(chunk, ChunkLength, throwOnEndOfStream: false, cancellation)) > 0)
            {
                var next = new DatasetChunk { Data = UnsafeByteOperations.UnsafeWrap(chunk.AsMemory(0, length)) };
                await SendAsync(next, responses, time, cancellation);
            }
        }
        finally
        {
            // Lets a producer that still writes see that nobody reads.
            await pipe.Reader.CompleteAsync();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task SendAsync(
        DatasetChunk chunk, IServerStreamWriter<DatasetChunk> responses, TimeProvider time, CancellationToken cancellation)
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

    private static void Produce(Dataset dataset, PipeWriter writer)
    {
        Exception? failure = null;
        try
        {
            using Stream stream = writer.AsStream(leaveOpen: true);
            DatasetFile.Write(dataset, stream);
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or OperationCanceledException)
        {
            failure = error;
        }

        writer.Complete(failure);
    }
}
