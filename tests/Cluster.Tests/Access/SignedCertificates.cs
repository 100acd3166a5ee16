using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Backprop.Cluster.Tests.Access;

/// <summary>Certificates that the command certificates would not make, signed by its authority or by a stranger's.</summary>
internal sealed class SignedCertificates(X509Certificate2 authority) : IDisposable
{
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly DateTimeOffset today = TimeProvider.System.GetUtcNow();

    /// <summary>Signs with the keys' own authority, as if it were older than it is.</summary>
    public static SignedCertificates Of(string keys)
    {
        using X509Certificate2 present = X509Certificate2.CreateFromPemFile(Path.Combine(keys, "ca.pem"), Path.Combine(keys, "ca.key"));
        X509Certificate2 older = SelfSigned(present.SubjectName, present.GetECDsaPrivateKey()!);
        File.WriteAllText(Path.Combine(keys, "ca.pem"), older.ExportCertificatePem());
        return new SignedCertificates(older);
    }

    public static SignedCertificates OfAStranger() =>
        new(SelfSigned(new X500DistinguishedName("CN=stranger"), ECDsa.Create(ECCurve.NamedCurves.nistP256)));

    /// <summary>The authority's own, with its key.</summary>
    public X509Certificate2 Authority() => new(authority);

    /// <param name="fromDay">Valid from so many days after today.</param>
    /// <param name="hasUse">Whether it says that it is for a client's use.</param>
    /// <param name="authorityAt">Where it says that its authority's certificate is found.</param>
    public X509Certificate2 Worker(
        int fromDay = -1, int toDay = 1, string name = "backprop-worker", bool hasUse = true, string? authorityAt = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=somebody", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        if (hasUse)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ClientUse)], critical: false));
        if (authorityAt is not null)
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [authorityAt]));
        using X509Certificate2 signed = request.Create(authority, today.AddDays(fromDay), today.AddDays(toDay), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    public void Dispose() => authority.Dispose();

    private static X509Certificate2 SelfSigned(X500DistinguishedName name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-10), now.AddDays(10));
    }
}
