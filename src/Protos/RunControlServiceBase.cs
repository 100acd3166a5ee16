using Grpc.Core;

namespace Backprop.Protos;

/// <summary>What a server of service RunControl implements.</summary>
[BindServiceMethod(typeof(RunControlServiceBase), nameof(BindService))]
public abstract class RunControlServiceBase
{
    private const string ServiceName = "backprop.v1.RunControl";

    private static readonly Method<StatusRequest, RunStatus> getStatus = new(
        MethodType.Unary, ServiceName, "GetStatus", MessageMarshaller.Create(StatusRequest.Parser), MessageMarshaller.Create(RunStatus.Parser));

    private static readonly Method<StatusRequest, RunStatus> watchStatus = new(
        MethodType.ServerStreaming, ServiceName, "WatchStatus", MessageMarshaller.Create(StatusRequest.Parser), MessageMarshaller.Create(RunStatus.Parser));

    private static readonly Method<StopRequest, StopReply> stop = new(
        MethodType.Unary, ServiceName, "Stop", MessageMarshaller.Create(StopRequest.Parser), MessageMarshaller.Create(StopReply.Parser));

    public abstract Task<RunStatus> GetStatus(StatusRequest request, ServerCallContext context);

    public abstract Task WatchStatus(StatusRequest request, IServerStreamWriter<RunStatus> responses, ServerCallContext context);

    public abstract Task<StopReply> Stop(StopRequest request, ServerCallContext context);

    /// <summary>Tells gRPC which method serves which call.</summary>
    public static void BindService(ServiceBinderBase binder, RunControlServiceBase? service)
    {
        binder.AddMethod(getStatus, service is null ? null : new UnaryServerMethod<StatusRequest, RunStatus>(service.GetStatus));
        binder.AddMethod(watchStatus, service is null ? null : new ServerStreamingServerMethod<StatusRequest, RunStatus>(service.WatchStatus));
        binder.AddMethod(stop, service is null ? null : new UnaryServerMethod<StopRequest, StopReply>(service.Stop));
    }
}
