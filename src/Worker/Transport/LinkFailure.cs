using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;

namespace Backprop.Worker.Transport;

/// <summary>Why the way to the coordinator failed, in words that say what to change.</summary>
internal static class LinkFailure
{
    /// <param name="wasWelcomed">The coordinator had answered before, so that the way itself is right.</param>
    public static string Describe(RpcException error, Uri coordinator, bool wasWelcomed)
    {
        if (error.Status.DebugException is not { } cause)
            return error.Status.Detail;
        string words = cause.GetBaseException() is ObjectDisposedException
            ? "The connection was closed"
            : cause.GetBaseException().Message.ReplaceLineEndings(" ").TrimEnd('.');
        if (wasWelcomed)
            return words;
        if (coordinator.Scheme == Uri.UriSchemeHttp && SpokeNoHttp(cause))
            return $"{words}; a coordinator with a certificate is called by https://";
        if (coordinator.Scheme == Uri.UriSchemeHttps && WasHungUpOn(cause))
            return $"{words}; a coordinator that asks workers for certificates takes those of its own authority: --cert-file and --key-file";
        if (coordinator.Scheme == Uri.UriSchemeHttps && SpokeNoTls(cause))
            return $"{words}; a coordinator without a certificate is called by http://";
        return words;
    }

    /// <summary>Somebody took the connection and did not begin to speak HTTP/2: TLS that gets plain text closes it, sooner or later.</summary>
    private static bool SpokeNoHttp(Exception cause) => !Causes(cause).Any(error => error is SocketException);

    /// <summary>
    /// This side's handshake was done, and then the other side left: it has looked at what this one showed. When it left before the first request, the
    /// exception has no cause.
    /// </summary>
    private static bool WasHungUpOn(Exception cause) => Causes(cause).Any(error =>
        error is ObjectDisposedException or HttpRequestException { InnerException: null } or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded });

    /// <summary>The handshake failed before there was a certificate to look at.</summary>
    private static bool SpokeNoTls(Exception cause) =>
        Causes(cause).Any(error => error is AuthenticationException or IOException)
        && !cause.GetBaseException().Message.Contains("certificate", StringComparison.Ordinal);

    private static IEnumerable<Exception> Causes(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
            yield return error;
    }
}
