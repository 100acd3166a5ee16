using Backprop.Core.Model;
using Backprop.Protos;
using Grpc.Core;
using Grpc.Net.Client;

namespace Backprop.Transport;

/// <summary>The worker's side of <see cref="PlainProtobufWay"/>.</summary>
internal static class PlainProtobufFar
{
    public static async Task AnswerAsync(string address, NetworkShape shape, ExchangeCount count)
    {
        using GrpcChannel channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { MaxReceiveMessageSize = null });
        using AsyncDuplexStreamingCall<WorkerMessage, CoordinatorMessage> call = new Training.TrainingClient(channel).Work();
        var weights = new PlainProtobuf(shape);
        var gradients = new PlainProtobuf(shape);
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            weights.Read(call.ResponseStream.Current.Weights.Segments);
            var message = new WorkerMessage { NodeValue = new NodeValue { Header = new NodeHeader { RunId = "bench" } } };
            gradients.Write(message.NodeValue.Segments);
            await call.RequestStream.WriteAsync(message);
            count.Add();
        }
    }
}
