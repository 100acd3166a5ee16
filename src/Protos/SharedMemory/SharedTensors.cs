using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using Backprop.Core.Elements;
using Backprop.Core.Model;
using Microsoft.Win32.SafeHandles;

namespace Backprop.Protos.SharedMemory;

/// <summary>
/// Tensors in memory that a coordinator and one worker on its machine both map: a key, the weights, and slots for node
/// values. Who may read or write which part when is settled by the messages, never by the memory itself; what a killed
/// worker left half written is not read, since its message does not come.
/// </summary>
public sealed unsafe class SharedTensors : IDisposable
{
    /// <summary>Bytes of the key, a whole cache line.</summary>
    public const int KeyLength = 64;

    private const int BlockLength = 4096;

    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly SafeMemoryMappedViewHandle memory;
    private readonly string? ownedPath;
    private readonly long parameterCount;
    private readonly float* numbers;
    private int disposed;

    private SharedTensors(FileStream stream, long parameterCount, int slots, string? ownedPath)
    {
        this.parameterCount = parameterCount;
        this.ownedPath = ownedPath;
        Slots = slots;
        long length = LengthOf(parameterCount, slots);
        file = MemoryMappedFile.CreateFromFile(
            stream, null, length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor(0, length);
        memory = view.SafeMemoryMappedViewHandle;
        byte* start = null;
        memory.AcquirePointer(ref start);
        Key = new ReadOnlySpan<byte>(start, KeyLength).ToArray();
        numbers = (float*)(start + KeyLength);
    }

    /// <summary>Random bytes at the start of the file.</summary>
    public byte[] Key { get; private set; }

    public int Slots { get; }

    /// <summary>Makes a file for one worker, readable and writable by this user alone.</summary>
    /// <exception cref="IOException">There is no room, or no such directory.</exception>
    public static SharedTensors Create(string path, NetworkShape shape, int slots)
    {
        long length = LengthOf(shape.ParameterCount, slots);
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
            var shared = new SharedTensors(stream, shape.ParameterCount, slots, path);
            shared.Key = RandomNumberGenerator.GetBytes(KeyLength);
            shared.Key.CopyTo(new Span<byte>((byte*)shared.numbers - KeyLength, KeyLength));
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
    /// <returns>Null when there is no such file here, or it is another one: tensors then travel over gRPC.</returns>
    public static SharedTensors? TryOpen(string path, ReadOnlySpan<byte> key, NetworkShape shape, int slots)
    {
        FileStream? stream = null;
        SharedTensors? opened = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length != LengthOf(shape.ParameterCount, slots))
            {
                stream.Dispose();
                return null;
            }

            opened = new SharedTensors(stream, shape.ParameterCount, slots, null);
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

    /// <returns>False when this has been disposed of: the worker's call ended while it was given work.</returns>
    public bool TryWriteWeights(Parameters parameters)
    {
        try
        {
            using var hold = new MemoryHold(memory);
            long offset = 0;
            foreach (LayerParameters layer in parameters.Layers)
                offset = Write(layer, offset);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public void ReadWeights(Parameters parameters) => Read(parameters.Layers, 0, looks: false);

    /// <summary>Puts a layer of a node's value into its place in a slot.</summary>
    public void WriteLayer(int slot, IReadOnlyList<LayerParameters> layers, int layer, LayerParameters sum)
    {
        using var hold = new MemoryHold(memory);
        long offset = OffsetOf(slot);
        for (int before = 0; before < layer; before++)
            offset += layers[before].Count;
        Write(sum, offset);
    }

    /// <summary>Copies a node's value out of a slot.</summary>
    /// <returns>Whether all its numbers are finite.</returns>
    public bool ReadValue(int slot, IReadOnlyList<LayerParameters> layers) => Read(layers, OffsetOf(slot), looks: true);

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
        Unlink();
    }

    private static long LengthOf(long parameterCount, int slots) => KeyLength + (parameterCount * sizeof(float) * (1L + slots));

    private long OffsetOf(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, Slots);
        return parameterCount * (1 + slot);
    }

    private Span<float> At(long offset, int count) => new(numbers + offset, count);

    private long Write(LayerParameters layer, long offset)
    {
        layer.Weights.Values.CopyTo(At(offset, layer.Weights.Values.Length));
        offset += layer.Weights.Values.Length;
        layer.Biases.Values.CopyTo(At(offset, layer.Biases.Values.Length));
        return offset + layer.Biases.Values.Length;
    }

    /// <returns>Whether all are finite numbers, as far as it looks.</returns>
    private bool Read(IReadOnlyList<LayerParameters> layers, long offset, bool looks)
    {
        using var hold = new MemoryHold(memory);
        bool areFinite = true;
        foreach (LayerParameters layer in layers)
        {
            foreach (float[] values in (ReadOnlySpan<float[]>)[layer.Weights.Values, layer.Biases.Values])
            {
                Span<float> source = At(offset, values.Length);
                if (looks)
                    areFinite &= CopyAndLook(source, values);
                else
                    source.CopyTo(values);
                offset += values.Length;
            }
        }

        return areFinite;
    }

    /// <summary>Looks at the numbers while they are still in the nearest cache.</summary>
    private static bool CopyAndLook(ReadOnlySpan<float> source, Span<float> destination)
    {
        bool areFinite = true;
        for (int begin = 0; begin < source.Length; begin += BlockLength)
        {
            int end = Math.Min(begin + BlockLength, source.Length);
            source[begin..end].CopyTo(destination[begin..end]);
            areFinite &= Finite.All(destination[begin..end]);
        }

        return areFinite;
    }
}
