using System.Net.Security;
using System.Net.Sockets;
using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Protos;
using Grpc.Core;
using Grpc.Net.Client;

namespace Backprop.Worker.Transport;

/// <summary>The way to the coordinator: its address, whom to trust, and the token.</summary>
internal sealed class CoordinatorLink : IDisposable
{
    private const int Window = 8 * 1024 * 1024;

    private readonly SslClientAuthenticationOptions tls = new();
    private readonly Metadata headers = [];
    private GrpcChannel channel;

    /// <exception cref="UserErrorException">A file of the token, the authority or the certificate cannot be used.</exception>
    public CoordinatorLink(WorkerOptions options)
    {
        Address = options.Coordinator;
        if (options.AuthorityFile is not null)
            tls.CertificateChainPolicy = PemFiles.TrustOnly(PemFiles.ReadAuthorities("--ca-file", options.AuthorityFile));
        if (options is { CertificateFile: not null, KeyFile: not null })
            tls.ClientCertificates = [PemFiles.ReadCertificate(options.CertificateFile, options.KeyFile)];
        if (options.TokenFile is not null)
            headers.Add("authorization", "Bearer " + TokenFile.Read(options.TokenFile));
        channel = Open();
        Calls = channel.CreateCallInvoker();
    }

    public Uri Address { get; }

    public CallInvoker Calls { get; private set; }

    /// <summary>
    /// Leaves the connection for a new one. On a half-open connection a new call would wait as the last one did, until
    /// pings find out that it is dead.
    /// </summary>
    public void Renew()
    {
        channel.Dispose();
        channel = Open();
        Calls = channel.CreateCallInvoker();
    }

    public CallOptions Options(CancellationToken cancellation) => new(headers, cancellationToken: cancellation);

    public void Dispose() => channel.Dispose();

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new BatchedStream(new NetworkStream(socket, ownsSocket: true), TimeProvider.System);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private GrpcChannel Open()
    {
        var handler = new SocketsHttpHandler
        {
            // A proxy from the environment is not meant for a training run.
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            InitialHttp2StreamWindowSize = Window,
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            SslOptions = tls,
            ConnectCallback = ConnectAsync,
        };
        return GrpcChannel.ForAddress(Address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = ProtocolVersion.MaximumMessageLength,
            MaxSendMessageSize = ProtocolVersion.MaximumMessageLength,
        });
    }
}
