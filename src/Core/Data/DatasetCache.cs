using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Backprop.Core.Data;

/// <summary>Data sets that came from a coordinator, kept by their hash so that each comes once.</summary>
public sealed class DatasetCache(string directory)
{
    /// <summary>Larger sets are refused: their arrays would not fit.</summary>
    private const long MaximumLength = 4L << 30;

    /// <summary>$XDG_CACHE_HOME/backprop, or .cache/backprop at home; on Windows the local application data.</summary>
    public static string DefaultDirectory
    {
        get
        {
            string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            if (string.IsNullOrEmpty(cache))
            {
                cache = OperatingSystem.IsWindows()
                    ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                    : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            }

            return Path.Combine(cache, "backprop");
        }
    }

    /// <summary>Opens a set that is here. A damaged file is deleted, as if it had never come.</summary>
    public bool TryOpen(string sha256, [NotNullWhen(true)] out Dataset? dataset)
    {
        dataset = null;
        string path = PathOf(sha256);
        if (!File.Exists(path))
            return false;
        try
        {
            using FileStream file = File.OpenRead(path);
            if (Convert.ToHexStringLower(SHA256.HashData(file)) == sha256)
            {
                file.Position = 0;
                dataset = DatasetFile.Read(file, sha256, sha256);
                return true;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or UserErrorException)
        {
            // Damaged, not readable, or deleted meanwhile: it comes again.
        }

        TryDelete(path);
        return false;
    }

    /// <summary>Takes a set in as it is streamed; it stands under its name only when it is whole and verified.</summary>
    /// <exception cref="UserErrorException">What came is longer, shorter, or has another hash.</exception>
    public async Task<Dataset> ReceiveAsync(
        string sha256, long length, IAsyncEnumerable<ReadOnlyMemory<byte>> chunks, CancellationToken cancellation)
    {
        if (length is < 1 or > MaximumLength)
            throw new UserErrorException($"The coordinator offers a data set of {length} bytes; up to {MaximumLength} fit.");
        string path = PathOf(sha256);
        string temporary = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            CreateDirectory(Path.GetDirectoryName(path)!);
            await WriteAsync(temporary, sha256, length, chunks, cancellation);
            Dataset dataset;
            using (FileStream file = File.OpenRead(temporary))
                dataset = DatasetFile.Read(file, sha256, sha256);
            File.Move(temporary, path, overwrite: true);
            return dataset;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"The data set cannot be kept in {directory}: {error.Message} (--data-dir)", error);
        }
        finally
        {
            TryDelete(temporary);
        }
    }

    private static async Task WriteAsync(
        string path, string sha256, long length, IAsyncEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long received = 0;
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        await foreach (ReadOnlyMemory<byte> chunk in chunks.WithCancellation(cancellation))
        {
            received += chunk.Length;
            if (received > length)
                throw new UserErrorException($"The coordinator sent more than the {length} bytes that it announced of data set {sha256}.");
            hash.AppendData(chunk.Span);
            await file.WriteAsync(chunk, cancellation);
        }

        string actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (actual != sha256)
            throw new UserErrorException($"The data set that the coordinator sent has SHA-256 {actual} ({received} bytes), not {sha256}.");
    }

    /// <summary>A file that cannot be deleted is in nobody's way: what comes is moved over it, or says why not.</summary>
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private string PathOf(string sha256) => sha256.Length == 64 && sha256.All(c => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f')
        ? Path.Combine(directory, "datasets", $"{sha256}.backprop")
        : throw new UserErrorException("The coordinator names its data set by something else than a SHA-256.");
}
