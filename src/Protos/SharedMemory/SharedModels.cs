using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using Backprop.Core.Model;
using Microsoft.Win32.SafeHandles;

namespace Backprop.Protos.SharedMemory;

/// <summary>
/// A key, room for messages, and places for numbers of a model's shape, in memory that processes of one machine map: weights or node values,
/// computed and read where they stand. Who may read or write which place when is settled by the messages, never by
/// the memory itself; what a killed worker left half written is not read, since its message does not come.
/// </summary>
public sealed unsafe class SharedModels : IDisposable
{
    /// <summary>Bytes of the key, a whole cache line.</summary>
    public const int KeyLength = 64;

    private const int HeadLength = KeyLength + (2 * MessageRing.Length);

    /// <summary>Places begin at whole cache lines: so many numbers each.</summary>
    private const int Line = 16;

    private readonly FileStream stream;
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly SafeMemoryMappedViewHandle memory;
    private readonly string? ownedPath;
    private readonly Parameters[] places;
    private int disposed;

    private SharedModels(FileStream stream, NetworkShape shape, int count, string? ownedPath, bool isWritable)
    {
        this.stream = stream;
        this.ownedPath = ownedPath;
        long length = LengthOf(shape, count);
        MemoryMappedFileAccess access = isWritable ? MemoryMappedFileAccess.ReadWrite : MemoryMappedFileAccess.Read;
        file = MemoryMappedFile.CreateFromFile(stream, null, length, access, HandleInheritability.None, leaveOpen: true);
        view = file.CreateViewAccessor(0, length, access);
        memory = view.SafeMemoryMappedViewHandle;
        byte* start = null;
        memory.AcquirePointer(ref start);
        Key = new ReadOnlySpan<byte>(start, KeyLength).ToArray();
        ToWorker = new MessageRing(start + KeyLength);
        ToCoordinator = new MessageRing(start + KeyLength + MessageRing.Length);
        float* numbers = (float*)(start + HeadLength);
        places = new Parameters[count];
        for (int place = 0; place < count; place++)
            places[place] = new Parameters(shape, new SharedNumbers(numbers + (place * StrideOf(shape)), checked((int)shape.ParameterCount)).Memory);
    }

    /// <summary>Random bytes at the start of the file.</summary>
    public byte[] Key { get; private set; }

    /// <summary>Messages from the coordinator to the one worker that the memory is offered to. Only to be used while this is held.</summary>
    internal MessageRing ToWorker { get; }

    /// <summary>That worker's messages to the coordinator. Only to be used while this is held.</summary>
    internal MessageRing ToCoordinator { get; }

    public int Count => places.Length;

    /// <summary>
    /// What another process opens: after <see cref="Unlink"/> too where the system names open files, as Linux does.
    /// </summary>
    public string Path => OperatingSystem.IsLinux()
        ? string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{stream.SafeFileHandle.DangerousGetHandle()}")
        : ownedPath ?? stream.Name;

    /// <summary>The numbers of a place, where they stand. Only to be touched while this is not disposed of, or held.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such place.</exception>
    public Parameters this[int place] => (uint)place < (uint)places.Length
        ? places[place]
        : throw new ArgumentOutOfRangeException(nameof(place), place, $"There are {places.Length} places.");

    /// <summary>
    /// Takes a place over from the core that has written it: a number of each cache line is written as it stands. A line that is only read here
    /// would stay in both cores' caches, and the other core would have to call each back before it writes again. Only for whose the place is
    /// by the messages.
    /// </summary>
    public void TakeOver(int place)
    {
        IReadOnlyList<LayerParameters> layers = this[place].Layers;
        for (int layer = 0; layer < layers.Count; layer++)
        {
            Span<float> numbers = layers[layer].Numbers.Span;
            for (int i = 0; i < numbers.Length; i += Line)
                Volatile.Write(ref numbers[i], Volatile.Read(ref numbers[i]));
        }
    }

    /// <summary>Makes a file, readable and writable by this user alone.</summary>
    /// <exception cref="IOException">There is no room, or no such directory.</exception>
    public static SharedModels Create(string path, NetworkShape shape, int count)
    {
        long length = LengthOf(shape, count);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,

            // Without it the file is a promise, and a full disk ends the process at the first touch (SIGBUS).
            PreallocationSize = length,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var stream = new FileStream(path, options);
        try
        {
            stream.SetLength(length);
            var shared = new SharedModels(stream, shape, count, path, isWritable: true);
            shared.Key = RandomNumberGenerator.GetBytes(KeyLength);
            byte* start = null;
            shared.memory.AcquirePointer(ref start);
            shared.Key.CopyTo(new Span<byte>(start, KeyLength));
            shared.memory.ReleasePointer();
            return shared;
        }
        catch
        {
            stream.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Maps a file that the coordinator offers.</summary>
    /// <param name="isWritable">Whether its places are to be written here; else a touch that writes ends the process.</param>
    /// <returns>Null when there is no such file here, or it is another one: tensors then travel over gRPC.</returns>
    public static SharedModels? TryOpen(string path, ReadOnlySpan<byte> key, NetworkShape shape, int count, bool isWritable)
    {
        FileStream? stream = null;
        SharedModels? opened = null;
        try
        {
            if (!SharedDirectory.Names(path))
                return null;
            stream = new FileStream(
                path, FileMode.Open, isWritable ? FileAccess.ReadWrite : FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (count < 1 || stream.Length != LengthOf(shape, count))
            {
                stream.Dispose();
                return null;
            }

            opened = new SharedModels(stream, shape, count, null, isWritable);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException
            or NotSupportedException)
        {
            stream?.Dispose();
            return null;
        }

        if (CryptographicOperations.FixedTimeEquals(opened.Key, key))
            return opened;
        opened.Dispose();
        return null;
    }

    /// <summary>Keeps the memory mapped until <see cref="Release"/>, whoever disposes of this meanwhile.</summary>
    /// <exception cref="ObjectDisposedException">It is not mapped any more.</exception>
    public void Hold()
    {
        bool held = false;
        memory.DangerousAddRef(ref held);
    }

    /// <summary>Ends one <see cref="Hold"/>.</summary>
    public void Release() => memory.DangerousRelease();

    /// <summary>Takes the file's name away; the mapping lives on, and goes with the processes that have it.</summary>
    public void Unlink()
    {
        try
        {
            if (ownedPath is not null)
                File.Delete(ownedPath);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Windows keeps the name while it is mapped; it is tried again at the end.
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
            return;
        memory.ReleasePointer();
        view.Dispose();
        file.Dispose();
        stream.Dispose();
        Unlink();
    }

    private static long StrideOf(NetworkShape shape) => (shape.ParameterCount + Line - 1) / Line * Line;

    private static long LengthOf(NetworkShape shape, int count) => HeadLength + (StrideOf(shape) * sizeof(float) * count);
}
