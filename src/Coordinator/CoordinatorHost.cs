using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Backprop.CommandLine;
using Backprop.Coordinator.Dashboard;
using Backprop.Coordinator.Transport;
using Backprop.Core;
using Backprop.Protos;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Backprop.Coordinator;

/// <summary>
/// The coordinator's servers: gRPC over HTTP/2 for workers, and the page over HTTP/1.1, each on its own address. Only
/// the addresses given here are opened, whatever the environment says.
/// </summary>
internal sealed class CoordinatorHost : IAsyncDisposable
{
    private const int Window = 8 * 1024 * 1024;

    /// <summary>Workers, those that are told that there are too many, and people who look.</summary>
    private const int ConnectionsAtMost = 4096;

    /// <summary>A worker has two or three calls at a time.</summary>
    private const int StreamsAtMost = 100;

    /// <summary>Browsers send a host's cookies to each of its ports.</summary>
    private const int HeaderBytesAtMost = 32 * 1024;

    private const int HeadersAtMost = 100;

    /// <summary>How long a connection may live without a call, and a call's headers may take.</summary>
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(2);

    private readonly WebApplication application;

    private CoordinatorHost(WebApplication application, IReadOnlyList<Uri> addresses, HostAddresses wanted)
    {
        this.application = application;
        int next = 0;
        Uri? grpc = wanted.Grpc is null ? null : addresses[next++];
        LocalWorkerAddress = wanted.IsSecured ? addresses[next++] : grpc;
        GrpcAddress = grpc is null ? null : Reachable(grpc, wanted);
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
        HostAddresses addresses, RunSession? session, RunRecorder recorder, DashboardFeed? feed)
    {
        if (addresses.Grpc is null && addresses.Dashboard is null)
            return null;
        var log = new AccessLog(line => recorder.Notice(line));
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, addresses, log));
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging(logging => logging.AddFilter(_ => false));
        if (session is not null)
            AddGrpc(builder.Services, session, recorder, log);

        if (feed is not null)
            AddMetrics(builder.Services, feed);

        WebApplication application = builder.Build();
        Map(application, session, feed, addresses.Token is { } token ? new TokenGuard(token, log) : null);
        try
        {
            await application.StartAsync();
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            await application.DisposeAsync();
            throw Unavailable(addresses, error);
        }

        IReadOnlyList<Uri> opened = [.. application.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];
        return new CoordinatorHost(application, opened, addresses);
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(StopLimit);
        await application.StopAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await application.DisposeAsync();
    }

    private static void Listen(KestrelServerOptions kestrel, HostAddresses addresses, AccessLog log)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 2 * Window;
        kestrel.Limits.Http2.InitialStreamWindowSize = Window;
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);

        // Whoever opens a connection and does not call, or sends a call's beginning byte by byte, is dropped. A call of
        // Work has no least pace (gRPC lifts it for streams): heartbeats tell the living from the dead.
        kestrel.Limits.MaxConcurrentConnections = ConnectionsAtMost;
        kestrel.Limits.KeepAliveTimeout = IdleLimit;
        kestrel.Limits.RequestHeadersTimeout = IdleLimit;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsAtMost;
        kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytesAtMost;
        kestrel.Limits.MaxRequestHeaderCount = HeadersAtMost;
        if (addresses.Grpc is { } grpc)
        {
            kestrel.Listen(grpc, endpoint =>
            {
                endpoint.Protocols = HttpProtocols.Http2;
                if (!addresses.IsSecured)
                    return;
                var guard = new ConnectionGuard(log, TimeProvider.System);
                endpoint.Use(guard.Count);
                endpoint.UseHttps(https => Secure(https, addresses, log));
                endpoint.Use(ConnectionGuard.Secured);
            });
            if (addresses.IsSecured)
                kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2);
        }

        if (addresses.Dashboard is { } dashboard)
            kestrel.Listen(dashboard, endpoint => endpoint.Protocols = HttpProtocols.Http1);
    }

    private static void Secure(HttpsConnectionAdapterOptions https, HostAddresses addresses, AccessLog log)
    {
        https.ServerCertificate = PemFiles.ReadCertificate(addresses.CertificateFile!, addresses.KeyFile!);
        if (addresses.ClientAuthorityFile is null)
            return;
        X509Certificate2Collection authorities = PemFiles.ReadAuthorities("--client-ca-file", addresses.ClientAuthorityFile);
        https.OnAuthenticate = new WorkerCertificates(authorities, log, TimeProvider.System).Require;
    }

    private static void AddGrpc(IServiceCollection services, RunSession session, RunRecorder recorder, AccessLog log)
    {
        services.AddSingleton(session);
        services.AddSingleton(recorder);
        services.AddSingleton(log);
        services.AddSingleton<JoinRate>();
        services.AddSingleton(_ => new DatasetStream(session.Dataset, session.Time));
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = ProtocolVersion.MaximumMessageLength;
            grpc.MaxSendMessageSize = ProtocolVersion.MaximumMessageLength;
        });

        // After the library's own set-up, which puts gzip and deflate where it finds none.
        services.PostConfigure<GrpcServiceOptions>(grpc => grpc.CompressionProviders.Clear());
        services.AddGrpcHealthChecks().AddCheck("run", () => HealthCheckResult.Healthy());
    }

    private static void AddMetrics(IServiceCollection services, DashboardFeed feed)
    {
        services.AddSingleton(new RunMetrics(feed));
        services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(RunMetrics.MeterName).AddPrometheusExporter());
    }

    private static void Map(WebApplication application, RunSession? session, DashboardFeed? feed, TokenGuard? access)
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

        if (access is not null)
            application.Use(access.Guard);

        // Work reads its first message in its own time.
        application.UseWhen(
            context => context.Request.Path != TrainingCalls.Work.FullName, calls => calls.Use(ClaimedLength.Guard));
        application.UseRouting();
        application.MapGrpcService<TrainingService>();
        application.MapGrpcService<RunControlService>();
        application.MapGrpcHealthChecksService();
    }

    /// <summary>An address that others can call: by a name of the certificate, where every address is open.</summary>
    private static Uri Reachable(Uri address, HostAddresses wanted) =>
        IPAddress.TryParse(address.Host.Trim('[', ']'), out IPAddress? ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))
            ? new UriBuilder(address) { Host = (wanted.IsSecured ? NameOf(wanted) : null) ?? Dns.GetHostName() }.Uri
            : address;

    private static string? NameOf(HostAddresses wanted)
    {
        using X509Certificate2 certificate = PemFiles.ReadCertificate(wanted.CertificateFile!, wanted.KeyFile!);
        X509SubjectAlternativeNameExtension[] names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()];
        return names.SelectMany(name => name.EnumerateDnsNames()).FirstOrDefault(name => !name.Contains('*', StringComparison.Ordinal))
            ?? names.SelectMany(name => name.EnumerateIPAddresses()).FirstOrDefault()?.ToString();
    }

    private static UserErrorException Unavailable(HostAddresses addresses, Exception error)
    {
        bool isDashboard = addresses.Dashboard is { } page
            && (addresses.Grpc is not { } grpc || (CanOpen(grpc) && !CanOpen(page)));
        (string option, IPEndPoint? endpoint, string other) = isDashboard
            ? ("--dashboard", addresses.Dashboard, "another address, port 0 for any free one, or off")
            : ("--listen", addresses.Grpc, "another address, or port 0 for any free one");
        return new UserErrorException($"{option} {endpoint} cannot be opened ({error.GetBaseException().Message}); give {option} {other}.", error);
    }

    private static bool CanOpen(IPEndPoint endpoint)
    {
        using var probe = new TcpListener(endpoint);
        try
        {
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
