using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Backprop.CommandLine;
using Backprop.Core;

namespace Backprop.Coordinator.Commands;

/// <summary>Who may reach the coordinator: this machine alone, or whoever holds the token and checks the certificate.</summary>
internal static class AccessRules
{
    /// <exception cref="UserErrorException">Something would stand open, or a certificate, key or token is unfit.</exception>
    public static void Check(TrainOptions options, SettingValues values)
    {
        if (options.Dashboard is { IsLoopback: false } page)
        {
            throw new UserErrorException(
                $"{values.Given(TrainSettings.Dashboard)} would show the page to other machines without a login; it takes a "
                + $"loopback address such as 127.0.0.1:{page.Port}, reached from elsewhere by: ssh -L {page.Port}:127.0.0.1:{page.Port} HOST");
        }

        if (options.InProcess)
            return;
        CheckPorts(options, values);
        RequirePair(values, TrainSettings.CertificateFile, TrainSettings.KeyFile);
        RequirePair(values, TrainSettings.KeyFile, TrainSettings.CertificateFile);
        RequirePair(values, TrainSettings.ClientAuthorityFile, TrainSettings.CertificateFile);
        CheckListen(options, values);
        if (options is { CertificateFile: not null, KeyFile: not null })
            CheckCertificate(options.CertificateFile, options.KeyFile);
        if (options.TokenFile is not null)
            _ = TokenFile.Read(options.TokenFile);
        if (options.ClientAuthorityFile is not null)
            CheckAuthority(TrainSettings.ClientAuthorityFile.Name, options.ClientAuthorityFile);
    }

    private static void CheckPorts(TrainOptions options, SettingValues values)
    {
        if (options.Dashboard is { } page && page.ClashesWith(options.Listen))
        {
            // The clash can come from one option and the other's default, so both are shown with their values.
            throw new UserErrorException(
                $"--listen {options.Listen} and --dashboard {page} cannot share port {page.Port}; give "
                + $"{(values.IsGiven(TrainSettings.Dashboard) ? "--listen" : "--dashboard")} another one, or 0 for any free one.");
        }
    }

    private static void RequirePair(SettingValues values, Setting given, Setting missing)
    {
        if (values.IsGiven(given) && !values.IsGiven(missing))
            throw new UserErrorException($"{values.Given(given)} needs {missing.Name} with it: TLS takes a certificate and its key.");
    }

    private static void CheckListen(TrainOptions options, SettingValues values)
    {
        Setting[] needed = [TrainSettings.CertificateFile, TrainSettings.KeyFile, TrainSettings.TokenFile];
        List<string> missing = needed.Where(setting => !values.IsGiven(setting)).Select(setting => setting.Name).ToList();
        if (options.Listen.IsLoopback || missing.Count == 0)
            return;
        string lacking = missing.Count == needed.Length ? "none of them is given" : $"missing: {string.Join(", ", missing)}";
        throw new UserErrorException(
            $"{values.Given(TrainSettings.Listen)} can be reached from other machines and so needs --cert-file, --key-file "
            + $"and --token-file ({lacking}; to make them: Backprop.Coordinator certificates keys HOST); 127.0.0.1:{options.Listen.Port} needs none.");
    }

    private static void CheckAuthority(string option, string path)
    {
        X509Certificate2Collection given = PemFiles.ReadAuthorities(option, path);
        if (!given.Any(IsAuthority))
            throw new UserErrorException($"{option} {path} holds no authority's certificate, and so none could sign a worker's; it takes one such as ca.pem of: certificates keys HOST");

        static bool IsAuthority(X509Certificate2 certificate) =>
            certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault() is { CertificateAuthority: true };
    }

    private static void CheckCertificate(string certificatePath, string keyPath)
    {
        using X509Certificate2 certificate = PemFiles.ReadCertificate(certificatePath, keyPath);
        if (certificate.NotAfter.ToUniversalTime() < TimeProvider.System.GetUtcNow().UtcDateTime)
        {
            throw new UserErrorException(
                $"--cert-file {certificatePath} expired on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}, and no worker "
                + "would accept it; it takes one that is still valid.");
        }

        if (certificate.NotBefore.ToUniversalTime() > TimeProvider.System.GetUtcNow().UtcDateTime)
        {
            throw new UserErrorException(
                $"--cert-file {certificatePath} is not valid before {certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} UTC, and no "
                + "worker would accept it until then; it takes one that is valid now.");
        }

        if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } uses
            && !uses.EnhancedKeyUsages.Cast<Oid>().Any(use => use.Value == PrivateAuthority.ServerUse))
        {
            throw new UserErrorException($"--cert-file {certificatePath} is not for a server's use; it takes one that is, such as server.pem of: certificates keys HOST");
        }
    }
}
