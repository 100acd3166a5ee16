using System.Net;
using System.Net.Sockets;
using Backprop.Coordinator.Dashboard;
using Backprop.Serving;
using Backprop.Core;
using Backprop.Core.Training;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace Backprop.Coordinator;

/// <summary>
/// The coordinator's servers: gRPC over HTTP/2 for workers, and the page over HTTP/1.1, each on its own address. Only
/// the addresses given here are opened, whatever the environment says.
/// </summary>
internal sealed class CoordinatorHost : IAsyncDisposable
{
    private readonly WebApplication application;

    private CoordinatorHost(WebApplication application, IReadOnlyList<Uri> addresses, HostAddresses wanted)
    {
        this.application = application;
        int next = 0;
        Uri? grpc = wanted.Workers is null ? null : addresses[next++];
        LocalWorkerAddress = wanted.Workers is { IsSecured: true } ? addresses[next++] : grpc;
        GrpcAddress = grpc is null ? null : wanted.Workers!.Reachable(grpc);
        DashboardAddress = wanted.Dashboard is null ? null : addresses[next];
    }

    /// <summary>Where workers join, by this machine's name when every address is open; null with --in-process.</summary>
    public Uri? GrpcAddress { get; }

    /// <summary>Where this machine's own workers join: loopback, without TLS.</summary>
    public Uri? LocalWorkerAddress { get; }

    /// <summary>Where the page stands; null when it is off.</summary>
    public Uri? DashboardAddress { get; }

    /// <exception cref="UserErrorException">An address cannot be opened.</exception>
    public static async Task<CoordinatorHost?> StartAsync(
        HostAddresses addresses, RunSession? session, TrainingPlan plan, RunRecorder recorder, DashboardFeed? feed)
    {
        if (addresses is { Workers: null, Dashboard: null })
            return null;
        var log = new AccessLog(line => recorder.Notice(line));
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        WorkerEntrance.Prepare(builder, kestrel =>
        {
            if (addresses.Workers is { } workers)
                WorkerEntrance.Listen(kestrel, workers, log);
            if (addresses.Dashboard is { } dashboard)
                kestrel.Listen(dashboard, endpoint => endpoint.Protocols = HttpProtocols.Http1);
        });
        if (session is not null)
        {
            builder.Services.AddSingleton(recorder);
            builder.Services.AddSingleton(plan);
            WorkerEntrance.AddServices(builder.Services, session, log);
        }

        if (feed is not null)
            AddMetrics(builder.Services, feed);

        WebApplication application = builder.Build();
        Map(application, session, feed, addresses.Workers?.Token, log);
        try
        {
            await application.StartAsync();
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await application.DisposeAsync();
            throw Unavailable(addresses, error);
        }

        return new CoordinatorHost(application, WorkerEntrance.OpenedBy(application), addresses);
    }

    public async ValueTask DisposeAsync() => await WorkerEntrance.CloseAsync(application);

    private static void AddMetrics(IServiceCollection services, DashboardFeed feed)
    {
        services.AddSingleton(new RunMetrics(feed));
        services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(RunMetrics.MeterName).AddPrometheusExporter());
    }

    private static void Map(WebApplication application, RunSession? session, DashboardFeed? feed, string? token, AccessLog log)
    {
        // Each answers on its own protocol, and so on its own address, only.
        application.MapWhen(context => context.Request.Protocol == "HTTP/1.1", page =>
        {
            page.Use(DashboardEndpoints.Guard);
            page.UseRouting();
            page.UseEndpoints(endpoints =>
            {
                if (feed is not null)
                    DashboardEndpoints.Map(endpoints, feed);
            });
        });
        if (session is null)
            return;
        WorkerEntrance.Map(application, token, log);
        application.MapGrpcService<RunControlService>();
    }

    private static UserErrorException Unavailable(HostAddresses addresses, Exception error)
    {
        bool isDashboard = addresses.Dashboard is { } page
            && (addresses.Workers is not { Address: var grpc } || (WorkerEntrance.CanOpen(grpc) && !WorkerEntrance.CanOpen(page)));
        (string option, IPEndPoint? endpoint, string other) = isDashboard
            ? ("--dashboard", addresses.Dashboard, "another address, port 0 for any free one, or off")
            : ("--listen", addresses.Workers?.Address, "another address, or port 0 for any free one");
        return new UserErrorException($"{option} {endpoint} cannot be opened ({error.GetBaseException().Message}); give {option} {other}.", error);
    }
}
