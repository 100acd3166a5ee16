using Backprop.Protos.Tensors;
using Grpc.Core;

namespace Backprop.Protos;

/// <summary>The calls of service Training, with tensors carried as frames instead of protobuf's byte strings.</summary>
public static class TrainingCalls
{
    private const string ServiceName = "backprop.v1.Training";

    public static Method<Frame<WorkerMessage, NodeHeader>, Frame<CoordinatorMessage, WeightsHeader>> Work { get; } = new(
        MethodType.DuplexStreaming,
        ServiceName,
        "Work",
        FrameMarshaller.Create(WorkerMessage.NodeValueFieldNumber, WorkerMessage.Parser, NodeHeader.Parser),
        FrameMarshaller.Create(CoordinatorMessage.WeightsFieldNumber, CoordinatorMessage.Parser, WeightsHeader.Parser));

    public static Method<DatasetRequest, DatasetChunk> FetchDataset { get; } = new(
        MethodType.ServerStreaming,
        ServiceName,
        "FetchDataset",
        MessageMarshaller.Create(DatasetRequest.Parser),
        MessageMarshaller.Create(DatasetChunk.Parser));
}
