using System.Text;
using Backprop.Core;

namespace Backprop.CommandLine;

/// <summary>The file with the secret that the coordinator and its workers share.</summary>
public static class TokenFile
{
    /// <summary>As many bytes as 128 random bits take in hexadecimal; shorter ones can be guessed.</summary>
    public const int LeastBytes = 32;

    private const int MostBytes = 4096;

    private const string Remedy = "write one with: openssl rand -hex 32 > FILE";

    /// <summary>The token, without white space around it: visible ASCII, as it has to travel in a header.</summary>
    /// <exception cref="UserErrorException">No such file, or its content is no token.</exception>
    public static string Read(string path)
    {
        byte[] bytes;
        try
        {
            using FileStream file = File.OpenRead(path);
            bytes = new byte[MostBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            bytes = bytes[..length];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                $"--token-file {path} cannot be read: {ReadableFile.Reason(exception)}; {Remedy}", exception);
        }

        string token = Encoding.Latin1.GetString(bytes).Trim();
        if (bytes.Length > MostBytes)
            throw new UserErrorException($"--token-file {path} holds more than {MostBytes} bytes; that is no token. To make one, {Remedy}");
        if (token.Length < LeastBytes)
            throw new UserErrorException($"--token-file {path} holds {token.Length} bytes; it takes at least {LeastBytes}: {Remedy}");
        if (token.Any(c => c is < '!' or > '~'))
            throw new UserErrorException($"--token-file {path} holds white space or other than visible ASCII; it takes one word: {Remedy}");
        return token;
    }
}
