using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Backprop.CommandLine;

/// <summary>A certificate and its unencrypted private key, both in PEM.</summary>
public sealed record PemPair(string Certificate, string Key);

/// <summary>
/// An authority of one's own, which signs certificates for a coordinator and its workers (X.509 v3, ECDSA over P-256). Whoever
/// trusts it trusts what it signed, and nobody else does.
/// </summary>
public sealed class PrivateAuthority : IDisposable
{
    /// <summary>id-kp-serverAuth of RFC 5280.</summary>
    public const string ServerUse = "1.3.6.1.5.5.7.3.1";

    /// <summary>Clocks of two machines may differ.</summary>
    private static readonly TimeSpan ClockDifference = TimeSpan.FromHours(1);

    private const int AuthorityYears = 10;
    private const int CertificateYears = 1;
    private const int SerialLength = 16;

    private static readonly Oid serverUse = new(ServerUse);
    private static readonly Oid workerUse = new("1.3.6.1.5.5.7.3.2");

    private readonly X509Certificate2 certificate;
    private readonly DateTimeOffset now;

    public PrivateAuthority(TimeProvider time)
    {
        now = time.GetUtcNow();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = Request("Backprop authority", key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        certificate = request.CreateSelfSigned(now - ClockDifference, now.AddYears(AuthorityYears));
        Own = new PemPair(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The authority's own.</summary>
    public PemPair Own { get; }

    public void Dispose() => certificate.Dispose();

    /// <summary>For a coordinator.</summary>
    /// <param name="hosts">Names and addresses by which workers call it; at least one.</param>
    public PemPair ForServer(IReadOnlyList<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (string host in hosts)
        {
            if (IPAddress.TryParse(host, out IPAddress? address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }

        return Sign("Backprop coordinator", serverUse, names.Build());
    }

    /// <summary>For workers, which show it to their coordinator.</summary>
    public PemPair ForWorkers() => Sign("Backprop worker", workerUse, null);

    /// <summary>Whether authorities signed a certificate, for a worker's use, and it is of this day.</summary>
    /// <returns>Null when it is so; else what is wrong.</returns>
    public static string? WhyNotAWorkers(X509Certificate2 shown, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(workerUse);
        return chain.Build(shown) ? null : string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct());
    }

    private static CertificateRequest Request(string name, ECDsa key) => new($"CN={name}", key, HashAlgorithmName.SHA256);

    private PemPair Sign(string name, Oid use, X509Extension? names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = Request(name, key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([use], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (names is not null)
            request.CertificateExtensions.Add(names);
        byte[] serial = RandomNumberGenerator.GetBytes(SerialLength);
        // A serial number is positive.
        serial[0] &= 0x7F;
        using X509Certificate2 signed = request.Create(certificate, now - ClockDifference, now.AddYears(CertificateYears), serial);
        return new PemPair(signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
