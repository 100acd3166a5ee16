using System.Net;
using Backprop.Cluster.Tests.Processes;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.Tensors;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using CoordinatorFrame = Backprop.Protos.Tensors.Frame<
    Backprop.Protos.CoordinatorMessage, Backprop.Protos.WeightsHeader>;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>gRPC's own readers, of a call's server and of its client, know the places that their callers gave.</summary>
public sealed class PlacedCallTests
{
    private static readonly NetworkShape shape = NetworkShape.Parse("784-30-10");

    [Fact]
    public async Task Call_BothWays_NumbersAreReadIntoTheirPlaces()
    {
        await using WebApplication server = await ServeAsync();
        string address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        using GrpcChannel channel = GrpcChannel.ForAddress(address);
        using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
        using var call = channel.CreateCallInvoker().AsyncDuplexStreamingCall(TrainingCalls.Work, null, new CallOptions(cancellationToken: limit.Token));
        Parameters sent = ParameterInitializers.Create("gaussian", shape, seed: 3);
        var received = new Parameters(shape);
        TensorPlaces.Use<WeightsHeader>(_ => received.Layers);

        // Several messages each way: each waits for the one before, as in a run.
        for (int layer = 0; layer < sent.Layers.Count; layer++)
        {
            await call.RequestStream.WriteAsync(new WorkerFrame(new NodeHeader { RunId = "run" }, [new TensorPart(layer, 0, sent.Layers[layer].Numbers)]), limit.Token);
            Assert.True(await call.ResponseStream.MoveNext(limit.Token));
            CoordinatorFrame frame = call.ResponseStream.Current;
            Assert.Equal("read in place", frame.Header!.RunId);
            Assert.Null(frame.Rented);
        }

        Assert.All(sent.Layers.Zip(received.Layers), pair => Assert.Equal(pair.First.Numbers.ToArray(), pair.Second.Numbers.ToArray()));
    }

    private static async Task<WebApplication> ServeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        WebApplication server = builder.Build();
        server.UseRouting();
        server.MapGrpcService<SendsBack>();
        await server.StartAsync();
        return server;
    }

    /// <summary>Sends the numbers that it reads back from where they were to stand.</summary>
    private sealed class SendsBack : TrainingServiceBase
    {
        public override async Task Work(
            IAsyncStreamReader<WorkerFrame> requests, IServerStreamWriter<CoordinatorFrame> responses, ServerCallContext context)
        {
            var sum = new GradientSum(shape);
            TensorPlaces.Use<NodeHeader>(_ => sum.Layers);
            while (await requests.MoveNext(context.CancellationToken))
            {
                WorkerFrame frame = requests.Current;
                string how = frame.Rented is null ? "read in place" : "copied";
                await responses.WriteAsync(new CoordinatorFrame(
                    new WeightsHeader { RunId = how }, [.. frame.Parts.Select(part => part with { Values = sum.Layers[part.Layer].Numbers })]));
            }
        }

        public override Task FetchDataset(Protos.DatasetRequest request, IServerStreamWriter<DatasetChunk> responses, ServerCallContext context) =>
            throw new RpcException(new Status(StatusCode.Unimplemented, "No data set."));
    }
}
