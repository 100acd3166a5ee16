using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
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

    private readonly GrpcChannel channel;
    private readonly Metadata headers = [];

    /// <exception cref="UserErrorException">The token's or the authority's file cannot be used.</exception>
    public CoordinatorLink(Uri address, string? token, string? authorityFile)
    {
        Address = address;
        var handler = new SocketsHttpHandler
        {
            // A proxy from the environment is not meant for a training run.
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            InitialHttp2StreamWindowSize = Window,
            KeepAlivePingDelay = TimeSpan.FromSeconds(10),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        };
        if (authorityFile is not null)
            handler.SslOptions = TrustOnly(PemFiles.ReadAuthorities(authorityFile));
        if (token is not null)
            headers.Add("authorization", "Bearer " + token);
        channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = ProtocolVersion.MaximumMessageLength,
            MaxSendMessageSize = ProtocolVersion.MaximumMessageLength,
        });
        Calls = channel.CreateCallInvoker();
    }

    public Uri Address { get; }

    public CallInvoker Calls { get; }

    public CallOptions Options(CancellationToken cancellation) => new(headers, cancellationToken: cancellation);

    public void Dispose() => channel.Dispose();

    private static SslClientAuthenticationOptions TrustOnly(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }
}
