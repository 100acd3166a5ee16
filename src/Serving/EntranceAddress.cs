using System.Net;
using System.Security.Cryptography.X509Certificates;
using Backprop.CommandLine;

namespace Backprop.Serving;

/// <summary>Where workers join, and what lets them in.</summary>
/// <param name="CertificateFile">The server's certificate (PEM); with its key it turns TLS on.</param>
/// <param name="ClientAuthorityFile">Whose certificates callers from other machines must show (PEM); null: none.</param>
/// <param name="Token">What every gRPC call must carry; null for none.</param>
internal sealed record EntranceAddress(
    IPEndPoint Address, string? CertificateFile = null, string? KeyFile = null, string? ClientAuthorityFile = null, string? Token = null)
{
    public bool IsSecured => CertificateFile is not null;

    /// <summary>An opened address as others can call it: by a name of the certificate, where every address is open.</summary>
    public Uri Reachable(Uri opened) =>
        IPAddress.TryParse(opened.Host.Trim('[', ']'), out IPAddress? ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))
            ? new UriBuilder(opened) { Host = (IsSecured ? NameOfCertificate() : null) ?? Dns.GetHostName() }.Uri
            : opened;

    private string? NameOfCertificate()
    {
        using X509Certificate2 certificate = PemFiles.ReadCertificate(CertificateFile!, KeyFile!);
        X509SubjectAlternativeNameExtension[] names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()];
        return names.SelectMany(name => name.EnumerateDnsNames()).FirstOrDefault(name => !name.Contains('*', StringComparison.Ordinal))
            ?? names.SelectMany(name => name.EnumerateIPAddresses()).FirstOrDefault()?.ToString();
    }
}
