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

    /// <summary>The name (subject alternative name, DNS) that a worker's certificate has, whoever signed it.</summary>
    public const string WorkerName = "backprop-worker";

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
    public PemPair ForWorkers()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(WorkerName);
        return Sign("Backprop worker", workerUse, names.Build());
    }

    /// <summary>Whether a certificate is a worker's: signed by an authority, for that use, with that name, of this day.</summary>
    /// <param name="shown">Null: none was shown.</param>
    /// <param name="chain">From it to the authorities that are trusted.</param>
    /// <param name="now">For words: whether it is not valid yet, or not any more.</param>
    /// <returns>Null when it is so; else what is wrong.</returns>
    public static string? WhyNotAWorkers(X509Certificate2? shown, X509Chain? chain, DateTimeOffset now)
    {
        if (shown is null || chain is null)
            return "none was shown";
        foreach (X509ChainStatus status in chain.ChainStatus)
        {
            if (status.Status != X509ChainStatusFlags.NoError)
                return Describe(status.Status, shown, now);
        }

        if (!shown.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(
            uses => uses.EnhancedKeyUsages.Cast<Oid>().Any(use => use.Value == workerUse.Value)))
        {
            return "the one shown is not for a client's use";
        }

        return shown.MatchesHostname(WorkerName, allowWildcards: false, allowCommonName: false)
            ? null
            : $"the one shown does not name {WorkerName}";
    }

    private static string Describe(X509ChainStatusFlags status, X509Certificate2 shown, DateTimeOffset now) => status switch
    {
        X509ChainStatusFlags.NotTimeValid when shown.NotBefore.ToUniversalTime() > now.UtcDateTime =>
            $"the one shown is not valid before {shown.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} UTC",
        X509ChainStatusFlags.NotTimeValid when shown.NotAfter.ToUniversalTime() < now.UtcDateTime =>
            $"the one shown expired on {shown.NotAfter.ToUniversalTime():yyyy-MM-dd}",
        X509ChainStatusFlags.NotTimeValid => "the one shown was signed by an authority that is out of date",
        X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.UntrustedRoot => "the one shown was signed by another authority",
        X509ChainStatusFlags.NotValidForUsage => "the one shown is not for a client's use",
        X509ChainStatusFlags.NotSignatureValid => "the signature of the one shown is wrong",
        _ => $"the one shown does not fit ({status})",
    };

    private static CertificateRequest Request(string name, ECDsa key) => new($"CN={name}", key, HashAlgorithmName.SHA256);

    private PemPair Sign(string name, Oid use, X509Extension names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = Request(name, key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([use], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        request.CertificateExtensions.Add(names);
        byte[] serial = RandomNumberGenerator.GetBytes(SerialLength);
        // A serial number is positive.
        serial[0] &= 0x7F;
        using X509Certificate2 signed = request.Create(certificate, now - ClockDifference, now.AddYears(CertificateYears), serial);
        return new PemPair(signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
