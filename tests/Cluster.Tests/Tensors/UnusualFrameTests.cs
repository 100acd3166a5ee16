using Backprop.Protos;
using Google.Protobuf;
using WorkerFrame = Backprop.Protos.Tensors.Frame<Backprop.Protos.WorkerMessage, Backprop.Protos.NodeHeader>;

namespace Backprop.Cluster.Tests.Tensors;

/// <summary>
/// What protobuf allows a writer though none here does it: other orders, fields of a later version, one field twice. The
/// expected values are those that protobuf's own parser gives.
/// </summary>
public sealed class UnusualFrameTests
{
    // Fields that training.proto does not have, one of each kind: 15 varint 1; 200 fixed64; 201 bytes; 202 fixed32.
    private const string Unknown = "7801" + "C10C0102030405060708" + "CA0C03AABBCC" + "D50C01020304";

    [Theory]
    [InlineData("header after segments", "S1 H")]
    [InlineData("segments around the header", "S1 H S2")]
    [InlineData("no segment", "H")]
    [InlineData("header twice: the later fields count, the others stay", "H S1 I")]
    [InlineData("unknown fields in the tensors", "U H U S1 U")]
    [InlineData("a segment's fields in another order", "H R")]
    [InlineData("a segment's fields twice: the later ones count", "H T")]
    [InlineData("unknown fields in a segment", "H V")]
    [InlineData("a segment without fields", "H E")]
    [InlineData("header and segment fields with other wire types are unknown ones", "H W S1")]
    public void Read_FieldsInAnyOrder_AsProtobuf(string what, string fields)
    {
        string content = string.Concat(fields.Split(' ').Select(Field));
        AssertReadAsProtobuf(what, Delimited("22", content));
    }

    [Theory]
    [InlineData("unknown fields before", Unknown, "")]
    [InlineData("unknown fields after", "", Unknown)]
    [InlineData("another message of the oneof before", "1A00", "")]
    [InlineData("a value before: its header and this one's count together", "22040A021007", "")]
    public void Read_MoreThanTheTensors_AsProtobuf(string what, string before, string after) =>
        AssertReadAsProtobuf(what, before + Delimited("22", Field("H") + Field("S1")) + after);

    [Fact]
    public void Read_AnotherMessageOfTheOneofAfter_CountsAsProtobufHasIt()
    {
        byte[] bytes = Convert.FromHexString(Delimited("22", Field("H") + Field("S1")) + "1A00");
        Assert.Equal(WorkerMessage.ContentOneofCase.Heartbeat, WorkerMessage.Parser.ParseFrom(bytes).ContentCase);
        WorkerFrame frame = FrameBytes.ToWorkerFrame(bytes);
        Assert.Equal(WorkerMessage.ContentOneofCase.Heartbeat, frame.Message!.ContentCase);
        Assert.Null(frame.Rented);
    }

    [Fact]
    public void Read_VarintsLongerThanNeeded_AsProtobuf()
    {
        // Layer 1 in ten bytes, offset 0 in two, the length of the values in three.
        string segment = Delimited("12", "0881808080808080808000" + "108000" + "1A848000" + "0000803F");
        AssertReadAsProtobuf("long varints", Delimited("22", Field("H") + segment));
    }

    private static void AssertReadAsProtobuf(string what, string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        NodeValue expected = WorkerMessage.Parser.ParseFrom(bytes).NodeValue;
        Assert.True(expected is not null, what);
        foreach (int pieceLength in (int[])[int.MaxValue, 1, 5])
        {
            WorkerFrame frame = FrameBytes.ToWorkerFrame(bytes, pieceLength);
            Assert.Equal(expected.Header, frame.Header);
            ProtobufValues.AssertEqual(expected.Segments, frame.Parts);
            frame.Rented?.Return();
        }
    }

    private static string Field(string name) => name switch
    {
        "H" => Delimited("0A", Convert.ToHexString(ProtobufValues.Header.ToByteArray())),
        "I" => Delimited("0A", Convert.ToHexString(new NodeHeader { Step = 5, Shared = true, Node = new Node { First = 9 } }.ToByteArray())),
        "S1" => Delimited("12", "0801" + "1002" + "1A080000803F00000040"),
        "S2" => Delimited("12", "0802" + "1A040000C0BF"),
        "R" => Delimited("12", "1A040000803F" + "1002" + "0801"),
        "T" => Delimited("12", "0801" + "1A080000803F00000040" + "0802" + "1003" + "1A0400004040" + "1004"),
        "U" => Unknown,
        "V" => Delimited("12", Unknown + "0801" + Unknown + "1A040000803F"),
        "E" => Delimited("12", ""),
        "W" => "0807" + "1507000000" + Delimited("12", "0A00" + "1201AA" + "1801" + "1A040000803F"),
        _ => throw new ArgumentException(name),
    };

    private static string Delimited(string tag, string content)
    {
        int length = content.Length / 2;
        string varint = length < 0x80 ? $"{length:X2}" : $"{(length & 0x7F) | 0x80:X2}{length >> 7:X2}";
        return tag + varint + content;
    }
}
