using System.Buffers;
using Backprop.Serving;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>Large blocks for those who carry tensors, and a bound on what anybody can make the coordinator set aside.</summary>
public sealed class SocketBlocksTests
{
    [Fact]
    public void Rent_Anything_HasWhatWasAskedForAndIsLarge()
    {
        using var blocks = new SocketBlocks();
        using IMemoryOwner<byte> block = blocks.Rent(blocks.MaxBufferSize);
        Assert.Equal(64 * 1024, block.Memory.Length);
    }

    [Fact]
    public void Rent_GivenBack_IsGivenOutAgain()
    {
        using var blocks = new SocketBlocks();
        IMemoryOwner<byte> first = blocks.Rent();
        first.Dispose();
        Assert.Same(first, blocks.Rent());
    }

    [Fact]
    public void Rent_VeryMany_Stay32MiBOfLargeBlocksAndSmallOnes()
    {
        using var blocks = new SocketBlocks();
        IMemoryOwner<byte>[] rented = [.. Enumerable.Range(0, 2000).Select(_ => blocks.Rent())];
        Assert.Equal(32 << 20, rented.Where(block => block.Memory.Length > 4096).Sum(block => block.Memory.Length));
        Assert.All(rented[512..], block => Assert.Equal(4096, block.Memory.Length));
    }

    [Fact]
    public void Rent_MoreThanABlockSurelyHas_IsRefused()
    {
        using var blocks = new SocketBlocks();
        Assert.Throws<ArgumentOutOfRangeException>(() => blocks.Rent(4097));
    }
}
