using Backprop.Protos.Tensors;
using Grpc.Core;

namespace Backprop.Protos;

/// <summary>What a server of service Training implements.</summary>
[BindServiceMethod(typeof(TrainingServiceBase), nameof(BindService))]
public abstract class TrainingServiceBase
{
    public abstract Task Work(
        IAsyncStreamReader<Frame<WorkerMessage, NodeHeader>> requests,
        IServerStreamWriter<Frame<CoordinatorMessage, WeightsHeader>> responses,
        ServerCallContext context);

    public abstract Task FetchDataset(
        DatasetRequest request, IServerStreamWriter<DatasetChunk> responses, ServerCallContext context);

    /// <summary>Tells gRPC which method serves which call.</summary>
    public static void BindService(ServiceBinderBase binder, TrainingServiceBase? service)
    {
        binder.AddMethod(
            TrainingCalls.Work,
            service is null ? null : new DuplexStreamingServerMethod<
                Frame<WorkerMessage, NodeHeader>, Frame<CoordinatorMessage, WeightsHeader>>(service.Work));
        binder.AddMethod(
            TrainingCalls.FetchDataset,
            service is null ? null : new ServerStreamingServerMethod<DatasetRequest, DatasetChunk>(service.FetchDataset));
    }
}
