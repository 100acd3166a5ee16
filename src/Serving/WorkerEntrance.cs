using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Backprop.CommandLine;
using Backprop.Protos;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Backprop.Serving;

/// <summary>
/// How a program lets workers in, the coordinator as well as a relay: gRPC over HTTP/2 within limits, behind TLS and a token where
/// other machines can reach it. Only the addresses given here are opened, whatever the environment says.
/// </summary>
internal static class WorkerEntrance
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

    /// <summary>A server within limits, with nothing in it yet.</summary>
    /// <param name="listen">Opens its addresses.</param>
    public static void Prepare(WebApplicationBuilder builder, Action<KestrelServerOptions> listen)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            Limit(kestrel);
            listen(kestrel);
        });
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, SocketBlocks>();
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging(logging => logging.AddFilter(_ => false));
    }

    /// <summary>Opens the address, and where it is secured another one on loopback without TLS, for this machine's own workers.</summary>
    public static void Listen(KestrelServerOptions kestrel, EntranceAddress entrance, AccessLog log)
    {
        kestrel.Listen(entrance.Address, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http2;
            if (!entrance.IsSecured)
                return;
            var guard = new ConnectionGuard(log, TimeProvider.System);
            endpoint.Use(guard.Count);
            endpoint.UseHttps(https => Secure(https, entrance, log));
            endpoint.Use(ConnectionGuard.Secured);
        });
        if (entrance.IsSecured)
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2);
    }

    public static void AddServices(IServiceCollection services, RunSession session, AccessLog log)
    {
        services.AddSingleton(session);
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

        // Who asks or watches is told what is so then, and it never changes. The library's publisher would tell those who watch of changes, and begins
        // five seconds after the start, in the middle of training, with compiling itself.
        services.RemoveAll<IHealthCheckPublisher>();
    }

    /// <summary>Puts the guards before all calls, and the services that workers call behind them.</summary>
    public static void Map(WebApplication application, string? token, AccessLog log)
    {
        if (token is not null)
            application.Use(new TokenGuard(token, log).Guard);

        // Work reads its first message in its own time.
        application.UseWhen(
            context => context.Request.Path != TrainingCalls.Work.FullName, calls => calls.Use(ClaimedLength.Guard));
        application.UseRouting();
        application.MapGrpcService<TrainingService>();
        application.MapGrpcHealthChecksService();
    }

    /// <summary>The addresses of a started server, in the order in which they were opened.</summary>
    public static IReadOnlyList<Uri> OpenedBy(WebApplication application) =>
        [.. application.Services.GetRequiredService<IServer>().Features
            .Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];

    /// <summary>Ends a server, calls that do not end included.</summary>
    public static async ValueTask CloseAsync(WebApplication application)
    {
        using var limit = new CancellationTokenSource(StopLimit);
        await application.StopAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await application.DisposeAsync();
    }

    /// <summary>Whether an address could be opened now.</summary>
    public static bool CanOpen(IPEndPoint endpoint)
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

    private static void Limit(KestrelServerOptions kestrel)
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
    }

    private static void Secure(HttpsConnectionAdapterOptions https, EntranceAddress entrance, AccessLog log)
    {
        https.ServerCertificate = PemFiles.ReadCertificate(entrance.CertificateFile!, entrance.KeyFile!);
        if (entrance.ClientAuthorityFile is null)
            return;
        X509Certificate2Collection authorities = PemFiles.ReadAuthorities("--client-ca-file", entrance.ClientAuthorityFile);
        https.OnAuthenticate = new WorkerCertificates(authorities, log, TimeProvider.System).Require;
    }
}
