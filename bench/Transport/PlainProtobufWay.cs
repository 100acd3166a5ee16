using System.Diagnostics;
using System.Net;
using Backprop.Core.Model;
using Backprop.Protos;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Backprop.Transport;

/// <summary>
/// What the generated classes give by themselves: a message a model and direction, tensors as <c>bytes</c>, Kestrel and the client
/// with their own settings but for the limit of a message's length.
/// </summary>
internal sealed class PlainProtobufWay : IWay
{
    private readonly TaskCompletionSource<(IAsyncStreamReader<WorkerMessage> Requests, IServerStreamWriter<CoordinatorMessage> Responses)> called =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PlainProtobuf weights;
    private readonly PlainProtobuf gradients;
    private WebApplication? server;
    private FarProcess? far;

    private PlainProtobufWay(NetworkShape shape)
    {
        weights = new PlainProtobuf(shape);
        gradients = new PlainProtobuf(shape);
    }

    public string Name => "gRPC, plain protobuf";

    public static async Task<PlainProtobufWay> OpenAsync(NetworkShape shape)
    {
        var way = new PlainProtobufWay(shape);
        try
        {
            string address = await way.ServeAsync();
            way.far = FarProcess.Start(FarSides.Plain, address, shape.ToString());
            await way.called.Task.WaitAsync(FarProcess.Deadline);
            return way;
        }
        catch
        {
            await way.DisposeAsync();
            throw;
        }
    }

    public async Task ExchangeAsync(Memory<long> times)
    {
        (IAsyncStreamReader<WorkerMessage> requests, IServerStreamWriter<CoordinatorMessage> responses) = await called.Task;
        for (int i = 0; i < times.Length; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            var message = new CoordinatorMessage { Weights = new Weights { Header = new WeightsHeader { RunId = "bench", Step = (ulong)i } } };
            weights.Write(message.Weights.Segments);
            await responses.WriteAsync(message);
            if (!await requests.MoveNext(CancellationToken.None))
                throw new TransportException($"{Name}: the other side is gone.");
            gradients.Read(requests.Current.NodeValue.Segments);
            times.Span[i] = Stopwatch.GetTimestamp() - begin;
        }
    }

    public Task<double> EndAsync()
    {
        over.TrySetResult();
        return far!.EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        over.TrySetResult();
        if (far is not null)
            await far.DisposeAsync();
        if (server is not null)
            await server.DisposeAsync();
    }

    /// <returns>The address.</returns>
    private async Task<string> ServeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging(logging => logging.AddFilter(_ => false));
        builder.Services.AddSingleton(this);
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
        server = builder.Build();
        server.UseRouting();
        server.MapGrpcService<Service>();
        await server.StartAsync();
        return server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    private sealed class Service(PlainProtobufWay way) : Training.TrainingBase
    {
        public override Task Work(
            IAsyncStreamReader<WorkerMessage> requestStream, IServerStreamWriter<CoordinatorMessage> responseStream, ServerCallContext context)
        {
            way.called.TrySetResult((requestStream, responseStream));
            return way.over.Task;
        }
    }
}
