using System.Buffers;
using Backprop.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>Bytes that are no message: a status that says why, no more memory than they take, nothing kept.</summary>
public sealed class MalformedFrameTests
{
    private const string Header = "0A030A0172";

    [Theory]
    [InlineData("22", "ends within a number")] // a tag without its length
    [InlineData("2A", "malformed")] // of another field: protobuf says it in its own words
    [InlineData("2280", "ends within a number")] // a length that goes on
    [InlineData("80", "ends within a number")]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFF", "more than 64 bits")] // a tag of 11 bytes
    [InlineData("22FFFFFFFFFFFFFFFFFFFF01", "more than 64 bits")] // a length of 11 bytes
    [InlineData("2201", "claims 1 bytes where 0 are left")]
    [InlineData("22FFFFFFFF07" + Header, "claims 2147483647 bytes where 5 are left")]
    [InlineData("22FFFFFFFFFFFFFFFFFF01" + Header, "claims 18446744073709551615 bytes where 5 are left")] // −1
    [InlineData("2280808080808080808001", "claims 9223372036854775808 bytes where 0 are left")]
    [InlineData("00", "a field of number 0")]
    [InlineData("0500000000", "a field of number 0")] // field 0 with a wire type
    [InlineData("A28080801000", "more than 32 bits")] // field 4 and a 33rd bit
    public void Read_BrokenFrame_InvalidArgumentSaysWhy(string hex, string why) => AssertRefused(hex, why);

    [Theory]
    [InlineData("", "without a header")]
    [InlineData("120A080110021A040000803F", "without a header")]
    [InlineData(Header + "08", "ends within a number")]
    [InlineData(Header + "0A7F00", "claims 127 bytes where 1 are left")] // the header beyond its message
    [InlineData(Header + "127F00", "claims 127 bytes where 1 are left")] // a segment beyond its message
    [InlineData(Header + "12031A0400", "claims 4 bytes where 1 are left")] // numbers beyond their segment
    [InlineData(Header + "12021A0478007800", "claims 4 bytes where 0 are left")] // although the message has them
    [InlineData(Header + "12061A040000803F" + "12031A0400", "claims 4 bytes where 1 are left")] // after numbers that were read
    [InlineData(Header + "12021A80", "ends within a number")]
    [InlineData(Header + "12051A03000000", "3 bytes of numbers, which are 4 bytes each")]
    [InlineData(Header + "12071A050000000000", "5 bytes of numbers, which are 4 bytes each")]
    [InlineData(Header + "120608FFFFFFFF0F", "a layer or offset of 4294967295")]
    [InlineData(Header + "1206108080808008", "a layer or offset of 2147483648")]
    [InlineData(Header + "120B08FFFFFFFFFFFFFFFFFF01", "a layer or offset of 18446744073709551615")] // −1
    [InlineData(Header + "120C08FFFFFFFFFFFFFFFFFFFF01", "more than 64 bits")]
    [InlineData(Header + "7B7C", "wire type 3")] // a group
    [InlineData(Header + "7C", "wire type 4")]
    [InlineData(Header + "7E", "wire type 6")]
    [InlineData(Header + "12047B7C0801", "wire type 3")] // a group in a segment
    [InlineData(Header + "7900000000000000", "ends within a number")] // seven bytes of eight
    [InlineData(Header + "7D000000", "ends within a number")] // three bytes of four
    [InlineData("0A030A0572", "malformed")] // a header that protobuf refuses: a text longer than it
    [InlineData("0A0308FFFF", "malformed")]
    [InlineData("0A040A02C328", "malformed")] // a text that is not UTF-8
    public void Read_BrokenTensors_InvalidArgumentAndTheArrayReturned(string content, string why)
    {
        string hex = $"22{content.Length / 2:X2}{content}";
        int length = (content.Length / 2 / sizeof(float)) + 1;

        // A thread's own place in the pool holds one array of a size: the one that was returned last.
        float[] before = ArrayPool<float>.Shared.Rent(length);
        ArrayPool<float>.Shared.Return(before);
        AssertRefused(hex, why);
        float[] after = ArrayPool<float>.Shared.Rent(length);
        Assert.Same(before, after);
        ArrayPool<float>.Shared.Return(after);
    }

    [Fact]
    public void Read_EveryTruncation_IsRefusedOrShorter()
    {
        NodeValue value = ProtobufValues.NodeValue(
            ProtobufValues.Segment(1, 0, [1, 2, 3]), ProtobufValues.Segment(0, 0, new float[100]));
        byte[] bytes = new WorkerMessage { NodeValue = value }.ToByteArray();
        for (int length = 1; length < bytes.Length; length++)
        {
            RpcException error = Assert.Throws<RpcException>(() => FrameBytes.ToWorkerFrame(bytes[..length], pieceLength: 7));
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        }
    }

    [Fact]
    public void Read_ClaimsOfLengths_CostNoMemory()
    {
        byte[][] claims =
        [
            Convert.FromHexString("22FFFFFFFF07" + Header), // 2 GiB of tensors
            Convert.FromHexString("220B" + Header + "12FFFFFFFF07"), // a segment
            Convert.FromHexString("220D" + Header + "12061AFFFFFFFF07"), // numbers
            Convert.FromHexString("220A" + Header + "0AFFFFFF7F"), // a second header
        ];
        foreach (byte[] claim in claims)
        {
            // The refusal itself: exceptions, their texts, and buffers of protobuf's.
            Assert.InRange(AllocatedBy(() => Assert.Throws<RpcException>(() => FrameBytes.ToWorkerFrame(claim))), 0, 1 << 17);
        }
    }

    [Theory]
    [InlineData("1200")] // segments of nothing
    [InlineData("12021A00")]
    [InlineData("12061A0400000000")] // a number each
    [InlineData("7800")] // unknown fields
    public void Read_LargestMessage_MemoryIsAMultipleOfItsLength(string repeated)
    {
        byte[] part = Convert.FromHexString(repeated);
        byte[] content = new byte[ProtocolVersion.MaximumMessageLength - 10];
        Convert.FromHexString(Header).CopyTo(content, 0);
        int end = 5;
        for (; end + part.Length <= content.Length; end += part.Length)
            part.CopyTo(content, end);
        byte[] bytes = new byte[content.Length + 10];
        using var output = new CodedOutputStream(bytes);
        output.WriteTag(WorkerMessage.NodeValueFieldNumber, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(content.AsSpan(0, end)));
        byte[] message = bytes[..(int)output.Position];

        long allocated = AllocatedBy(() => FrameBytes.ToWorkerFrame(message).Rented?.Return());
        Assert.InRange(allocated, 0, 64L * message.Length);
    }

    private static long AllocatedBy(Action action)
    {
        action();
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void AssertRefused(string hex, string why)
    {
        byte[] bytes = Convert.FromHexString(hex);
        foreach (int pieceLength in (int[])[int.MaxValue, 1, 2])
        {
            RpcException error = Assert.Throws<RpcException>(() => FrameBytes.ToWorkerFrame(bytes, pieceLength));
            Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
            Assert.StartsWith($"A message of {bytes.Length} bytes is malformed: ", error.Status.Detail, StringComparison.Ordinal);
            Assert.Contains(why, error.Status.Detail, StringComparison.Ordinal);
        }
    }
}
