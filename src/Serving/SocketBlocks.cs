using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace Backprop.Serving;

/// <summary>
/// The memory that the web server reads into and writes from. Its own blocks have 4 KiB, each of which costs a call of the kernel and a
/// change of threads on a value's way in; large ones take in several HTTP/2 frames at once. Only so many are given out: whoever opens many
/// connections gets blocks of the usual size.
/// </summary>
internal sealed class SocketBlocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int LargeLength = 64 * 1024;
    private const int LargeAtMost = 512;
    private const int SmallLength = 4096;
    private const int SmallKeptAtMost = 1024;

    private readonly ConcurrentQueue<Block> large = new();
    private readonly ConcurrentQueue<Block> small = new();
    private int largeMade;

    /// <summary>What every block has at least; the server takes longer ones elsewhere.</summary>
    public override int MaxBufferSize => SmallLength;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    /// <returns>A block that may be longer than asked for.</returns>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, SmallLength);
        if (large.TryDequeue(out Block? block))
            return block;
        if (Volatile.Read(ref largeMade) < LargeAtMost && Interlocked.Increment(ref largeMade) <= LargeAtMost)
            return new Block(this, LargeLength);
        return small.TryDequeue(out block) ? block : new Block(this, SmallLength);
    }

    protected override void Dispose(bool disposing)
    {
    }

    private void Return(Block block)
    {
        if (block.Memory.Length == LargeLength)
            large.Enqueue(block);
        else if (small.Count < SmallKeptAtMost)
            small.Enqueue(block);
    }

    private sealed class Block(SocketBlocks pool, int length) : IMemoryOwner<byte>
    {
        // Pinned, since the kernel writes into it while the collector runs.
        public Memory<byte> Memory { get; } =
            MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(length, pinned: true), 0, length);

        public void Dispose() => pool.Return(this);
    }
}
