using Backprop.Scheduling;
using Backprop.Protos;
using Grpc.Core;
using DatasetRequest = Backprop.Protos.DatasetRequest;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<
    Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Serving;

/// <summary>Service Training over gRPC: in and out, no decisions.</summary>
internal sealed class TrainingService(RunSession session, JoinRate joins, DatasetStream datasets, AccessLog log) : TrainingServiceBase
{
    /// <summary>How long a frame on its way may hold up the end of a call.</summary>
    private static readonly TimeSpan WriteLimit = TimeSpan.FromSeconds(2);

    public override async Task Work(
        IAsyncStreamReader<WorkerFrame> requests, IServerStreamWriter<CoordinatorFrame> responses,
        ServerCallContext context)
    {
        WorkerConnection connection;
        try
        {
            connection = Join(await ReadFirstAsync(requests, context), context);
        }
        catch (RpcException error) when (error.Status.Detail == JoinRate.Refusal)
        {
            joins.Tell(context.GetHttpContext().Peer());
            throw;
        }
        catch (RpcException error) when (error.StatusCode != StatusCode.Unavailable)
        {
            log.Refused($"it may not join ({error.StatusCode})", context.GetHttpContext().Peer(), $": {error.Status.Detail}");
            throw;
        }

        await ServeAsync(connection, requests, responses, context);
    }

    private WorkerConnection Join(WorkerFrame? first, ServerCallContext context)
    {
        JoinRequest join = JoinCheck.Check(first, session);
        return session.Workers.Add(join, id =>
        {
            joins.Take();
            return Welcome(id, join, context);
        });
    }

    /// <summary>Memory is taken for an admitted worker only, and its welcome comes before anything else that it is told.</summary>
    private WorkerConnection Welcome(WorkerId id, JoinRequest join, ServerCallContext context)
    {
        (WorkerMemory memory, SharedMemoryOffer? offer) = SharedMemoryOffers.For(join, session, context);
        var connection = new WorkerConnection(
            id, join, session.LocalNames.Contains(join.Name), session.RunId, session.Dataset.Sha256, session.Gradients, memory,
            session.Events, session.Time);
        Welcome welcome = session.Welcome.Clone();
        welcome.SharedMemory = offer;
        connection.Send(new CoordinatorMessage { Welcome = welcome });
        return connection;
    }

    public override Task FetchDataset(
        DatasetRequest request, IServerStreamWriter<DatasetChunk> responses, ServerCallContext context) =>
        datasets.SendAsync(request, responses, context.CancellationToken);

    /// <summary>The join, which must come soon.</summary>
    private async Task<WorkerFrame?> ReadFirstAsync(
        IAsyncStreamReader<WorkerFrame> requests, ServerCallContext context)
    {
        using var late = new CancellationTokenSource(RunSession.SilenceLimit, session.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.CancellationToken);
        try
        {
            return await requests.MoveNext(either.Token) ? requests.Current : null;
        }
        catch (Exception error) when (error is OperationCanceledException or RpcException && late.IsCancellationRequested)
        {
            throw new RpcException(new Status(
                StatusCode.DeadlineExceeded, $"No JoinRequest within {RunSession.SilenceLimit.TotalSeconds:0} s."));
        }
        catch (IOException error)
        {
            // What gRPC makes of a claimed length of 2^31 or more; where the connection broke, nobody hears it.
            throw new RpcException(new Status(StatusCode.ResourceExhausted, error.Message));
        }
    }

    /// <summary>Reads and writes until a side ends the call.</summary>
    private async Task ServeAsync(
        WorkerConnection connection, IAsyncStreamReader<WorkerFrame> requests,
        IServerStreamWriter<CoordinatorFrame> responses, ServerCallContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        using var stuck = new CancellationTokenSource();
        Task reading = connection.ReadAsync(requests, ended.Token);
        Task writing = connection.WriteAsync(responses, ended.Token, stuck.Token);
        string reason = "its connection broke";
        try
        {
            reason = await FirstEndAsync(connection, reading, writing);
        }
        catch (RpcException error)
        {
            reason = error.Status.Detail;
            throw;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or InvalidOperationException)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, "The connection broke."));
        }
        finally
        {
            session.Workers.Remove(connection);
            connection.TellGone(reason);

            // To cancel a write is to reset the stream, and the status would not arrive: a frame on its way is let through
            // first. What the other direction still throws says nothing new.
            await ended.CancelAsync();
            stuck.CancelAfter(WriteLimit);
            await IgnoreAsync(writing);
            DisposeAfter(reading, connection);
        }
    }

    /// <returns>Why the call ended, when it ended in order.</returns>
    private static async Task<string> FirstEndAsync(WorkerConnection connection, Task reading, Task writing)
    {
        Task first = await Task.WhenAny(reading, writing, connection.Closed);
        if (first == connection.Closed)
            throw new RpcException(await connection.Closed);
        await first;
        return first == writing ? "the run is over" : "it left";
    }

    private static async Task IgnoreAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or RpcException
            or InvalidOperationException)
        {
        }
    }

    /// <summary>The reader may still look at a value in shared memory.</summary>
    private static void DisposeAfter(Task reading, WorkerConnection connection) => _ = reading.ContinueWith(
        ended =>
        {
            _ = ended.Exception;
            connection.Dispose();
        },
        TaskScheduler.Default);
}
