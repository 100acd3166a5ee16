using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Backprop.Core;

namespace Backprop.CommandLine;

/// <summary>Reads certificates in PEM, with errors that name the option they came from.</summary>
public static class PemFiles
{
    /// <summary>The certificate with its private key that a server shows.</summary>
    /// <exception cref="UserErrorException">A file cannot be read, is not PEM, or the key is not the certificate's.</exception>
    public static X509Certificate2 ReadCertificate(string certificatePath, string keyPath)
    {
        ReadableFile.Require($"--cert-file {certificatePath}", certificatePath);
        ReadableFile.Require($"--key-file {keyPath}", keyPath);
        try
        {
            return X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new UserErrorException(
                $"--cert-file {certificatePath} and --key-file {keyPath} do not fit; they take a certificate and its own "
                + $"unencrypted private key, both in PEM ({exception.Message.TrimEnd('.')}).",
                exception);
        }
    }

    /// <summary>The certificates that the other side's own must be signed by, or be.</summary>
    /// <param name="option">Such as --ca-file, for errors.</param>
    /// <exception cref="UserErrorException">The file cannot be read or holds no certificate.</exception>
    public static X509Certificate2Collection ReadAuthorities(string option, string path)
    {
        ReadableFile.Require($"{option} {path}", path);
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
        }
        catch (CryptographicException exception)
        {
            throw new UserErrorException(
                $"{option} {path} does not fit; it takes certificates in PEM ({exception.Message.TrimEnd('.')}).", exception);
        }

        return authorities.Count > 0
            ? authorities
            : throw new UserErrorException($"{option} {path} holds no certificate; it takes one or more in PEM.");
    }

    /// <summary>
    /// Trusts these certificates, and what they signed, instead of the machine's own authorities. Fetches nothing: a stranger's
    /// certificate may name any address for others that it needs.
    /// </summary>
    public static X509ChainPolicy TrustOnly(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
