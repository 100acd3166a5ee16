using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Backprop.CommandLine;
using Backprop.Core;

namespace Backprop.Serving;

/// <summary>The settings that say who may reach an entrance for workers.</summary>
internal sealed record EntranceSettings(
    Setting Listen, Setting<string?> CertificateFile, Setting<string?> KeyFile, Setting<string?> TokenFile, Setting<string?> ClientAuthorityFile);

/// <summary>Who may reach workers' entrance: this machine alone, or whoever holds the token and checks the certificate.</summary>
internal static class EntranceRules
{
    /// <exception cref="UserErrorException">Something would stand open, or a certificate, key or token is unfit.</exception>
    public static void Check(EntranceSettings entrance, ListenAddress listen, SettingValues values)
    {
        RequirePair(values, entrance.CertificateFile, entrance.KeyFile);
        RequirePair(values, entrance.KeyFile, entrance.CertificateFile);
        RequirePair(values, entrance.ClientAuthorityFile, entrance.CertificateFile);
        CheckListen(entrance, listen, values);
        if (values.Get(entrance.CertificateFile) is { } certificate && values.Get(entrance.KeyFile) is { } key)
            CheckCertificate(entrance.CertificateFile.Name, certificate, key);
        if (values.Get(entrance.TokenFile) is { } token)
            _ = TokenFile.Read(token);
        if (values.Get(entrance.ClientAuthorityFile) is { } authority)
            CheckAuthority(entrance.ClientAuthorityFile.Name, authority);
    }

    private static void RequirePair(SettingValues values, Setting given, Setting missing)
    {
        if (values.IsGiven(given) && !values.IsGiven(missing))
            throw new UserErrorException($"{values.Given(given)} needs {missing.Name} with it: TLS takes a certificate and its key.");
    }

    private static void CheckListen(EntranceSettings entrance, ListenAddress listen, SettingValues values)
    {
        Setting[] needed = [entrance.CertificateFile, entrance.KeyFile, entrance.TokenFile];
        List<string> missing = needed.Where(setting => !values.IsGiven(setting)).Select(setting => setting.Name).ToList();
        if (listen.IsLoopback || missing.Count == 0)
            return;
        string lacking = missing.Count == needed.Length ? "none of them is given" : $"missing: {string.Join(", ", missing)}";
        throw new UserErrorException(
            $"{values.Given(entrance.Listen)} can be reached from other machines and so needs {entrance.CertificateFile.Name}, {entrance.KeyFile.Name} "
            + $"and {entrance.TokenFile.Name} ({lacking}; to make them: Backprop.Coordinator certificates keys HOST); 127.0.0.1:{listen.Port} needs none.");
    }

    private static void CheckAuthority(string option, string path)
    {
        X509Certificate2Collection given = PemFiles.ReadAuthorities(option, path);
        if (!given.Any(IsAuthority))
            throw new UserErrorException($"{option} {path} holds no authority's certificate, and so none could sign a worker's; it takes one such as ca.pem of: certificates keys HOST");

        static bool IsAuthority(X509Certificate2 certificate) =>
            certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true };
    }

    private static void CheckCertificate(string option, string certificatePath, string keyPath)
    {
        using X509Certificate2 certificate = PemFiles.ReadCertificate(certificatePath, keyPath);
        if (certificate.NotAfter.ToUniversalTime() < TimeProvider.System.GetUtcNow().UtcDateTime)
        {
            throw new UserErrorException(
                $"{option} {certificatePath} expired on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}, and no worker "
                + "would accept it; it takes one that is still valid.");
        }

        if (certificate.NotBefore.ToUniversalTime() > TimeProvider.System.GetUtcNow().UtcDateTime)
        {
            throw new UserErrorException(
                $"{option} {certificatePath} is not valid before {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} UTC, and no "
                + "worker would accept it until then; it takes one that is valid now.");
        }

        if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } uses
            && !uses.EnhancedKeyUsages.Cast<Oid>().Any(use => use.Value == PrivateAuthority.ServerUse))
        {
            throw new UserErrorException($"{option} {certificatePath} is not for a server's use; it takes one that is, such as server.pem of: certificates keys HOST");
        }
    }
}
