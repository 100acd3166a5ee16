using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Backprop.CommandLine;
using Microsoft.AspNetCore.Connections;

namespace Backprop.Serving;

/// <summary>--client-ca-file: lets in who shows a worker's certificate of these authorities, and tells the operator of the others.</summary>
internal sealed class WorkerCertificates(X509Certificate2Collection authorities, AccessLog log, TimeProvider time)
{
    /// <summary>Asks for a certificate in a connection's TLS handshake.</summary>
    public void Require(ConnectionContext connection, SslServerAuthenticationOptions tls)
    {
        tls.ClientCertificateRequired = true;

        // The chain is built by this alone: what a stranger's certificate says about where to fetch others is not followed.
        tls.CertificateChainPolicy = PemFiles.TrustOnly(authorities);
        tls.RemoteCertificateValidationCallback = (_, shown, chain, _) =>
        {
            string? wrong = PrivateAuthority.WhyNotAWorkers(shown as X509Certificate2, chain, time.GetUtcNow());
            if (wrong is null)
                return true;
            if (connection.Features.Get<ConnectionAdmission>() is { } admission)
                admission.IsTold = true;
            log.Refused($"--client-ca-file asks for a worker's certificate: {wrong}", connection.RemoteEndPoint);
            return false;
        };
    }
}
