using System.Net;

namespace Backprop.Coordinator;

/// <summary>What the coordinator opens to others.</summary>
/// <param name="Grpc">Where workers join; null for none.</param>
/// <param name="Dashboard">Where the page stands; null for none.</param>
/// <param name="CertificateFile">The server's certificate (PEM); with its key it turns TLS on.</param>
/// <param name="ClientAuthorityFile">Whose certificates callers from other machines must show (PEM); null: none.</param>
/// <param name="Token">What every gRPC call must carry; null for none.</param>
internal sealed record HostAddresses(
    IPEndPoint? Grpc, IPEndPoint? Dashboard, string? CertificateFile, string? KeyFile, string? ClientAuthorityFile, string? Token)
{
    public bool IsSecured => Grpc is not null && CertificateFile is not null;
}
