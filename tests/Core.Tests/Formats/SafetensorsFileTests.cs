using System.Text;
using Backprop.Core.Formats;
using Backprop.Core.Tests.Files;

namespace Backprop.Core.Tests.Formats;

public sealed class SafetensorsFileTests : IDisposable
{
    private const string Vector = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    private readonly TestDirectory directory = new();

    public void Dispose() => directory.Dispose();

    /// <summary>Nobody writes to it: to open it would be to wait for ever.</summary>
    [Fact]
    public async Task Read_NamedPipe_RefusedAtOnce()
    {
        string path = Path.Combine(directory.Path, "pipe");
        using (var made = System.Diagnostics.Process.Start("mkfifo", path))
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        Task<SafetensorsFile> reading = Task.Run(() => SafetensorsFile.Read(path), TestContext.Current.CancellationToken);
        UserErrorException error = await Assert.ThrowsAsync<UserErrorException>(() => reading.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Assert.Equal($"{path} is no safetensors file: it has 0 bytes.", error.Message);
    }

    // From https://huggingface.co/docs/safetensors: 8 bytes N, little-endian; N bytes of JSON that begin with { and may
    // end in spaces; then the numbers, little-endian, row by row, offsets counted from the end of the header.
    [Fact]
    public void Write_TwoTensors_IsTheSpecifiedLayoutByteByByte()
    {
        using var stream = new MemoryStream();
        SafetensorsFile.Write(
            stream, new Dictionary<string, string> { ["key"] = "väl\"ue" },
            [new NamedTensor("m", [2, 3], [1, 2, 3, 4, 5, 6]), new NamedTensor("v", [1], [-0.5f])]);

        string header = """{"__metadata__":{"key":"väl\"ue"},"m":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"v":{"dtype":"F32","shape":[1],"data_offsets":[24,28]}}""";
        int length = (Encoding.UTF8.GetByteCount(header) + 7) / 8 * 8;
        string padding = new(' ', length - Encoding.UTF8.GetByteCount(header));
        byte[] expected =
        [
            (byte)length, 0, 0, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(header + padding),
            0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40, 0, 0, 0xA0, 0x40, 0, 0, 0xC0, 0x40,
            0, 0, 0, 0xBF,
        ];
        Assert.InRange(length, 129, 255);
        Assert.Equal(expected, stream.ToArray());
    }

    [Fact]
    public void Read_ByHand_MetadataShapesAndNumbers()
    {
        SafetensorsFile file = Read(SafetensorsBytes.Of(
            """{"m":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"__metadata__":{"k":"v","\u006c":"w"}}   """,
            9, 1, 2));

        Assert.Equal([("k", "v"), ("l", "w")], file.Metadata.Select(entry => (entry.Key, entry.Value)));
        Assert.Equal(["s", "m"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([9f], file.Find("s")!.Values);
        Assert.Empty(file.Find("s")!.Shape);
        Assert.Equal([1f, 2f], file.Find("m")!.Values);
        Assert.Equal([2, 1], file.Find("m")!.Shape);
        Assert.Null(file.Find("M"));
    }

    [Fact]
    public void Read_AnyBitsWritten_SameBitsAgain()
    {
        // More than a block of 64 KiB; NaN with a payload, −0, the smallest and infinity among them.
        float[] values = [.. Enumerable.Range(0, 40_000).Select(i => i / 3f), BitConverter.UInt32BitsToSingle(0x7FC12345), -0f, float.Epsilon, float.NegativeInfinity];
        string path = directory.PathOf("x.safetensors");
        using (FileStream stream = File.Create(path))
            SafetensorsFile.Write(stream, new Dictionary<string, string>(), [new NamedTensor("x", [values.Length], values)]);

        Assert.Equal(SafetensorsBytes.Floats(values), SafetensorsBytes.Floats(SafetensorsFile.Read(path).Tensors[0].Values));
    }

    // The specification allows tensors without elements; they stand where the next one begins.
    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"c":{"dtype":"F32","shape":[3,0],"data_offsets":[4,4]}}""")]
    [InlineData("""{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"c":{"dtype":"F32","shape":[3,0],"data_offsets":[4,4]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""")]
    public void Read_EmptyTensors_InAnyOrder(string header)
    {
        SafetensorsFile file = Read(SafetensorsBytes.Of(header, 7));

        Assert.Equal([7f], file.Find("b")!.Values);
        Assert.Empty(file.Find("a")!.Values);
        Assert.Empty(file.Find("c")!.Values);
    }

    [Theory]
    [InlineData("", "its header does not begin with {")]
    [InlineData(" {}", "its header does not begin with {")]
    [InlineData("[]", "its header does not begin with {")]
    [InlineData("null", "its header does not begin with {")]
    [InlineData("{", "its header is not JSON from byte 1 of line 1 on")]
    [InlineData("{}x", "its header is not JSON from byte 2 of line 1 on")]
    [InlineData("{}\n {}", "its header is not JSON from byte 1 of line 2 on")]
    [InlineData("""{"a":1}""", "tensor 'a' has no dtype that is a text")]
    [InlineData("""{"a":{}}""", "tensor 'a' has no dtype that is a text")]
    [InlineData("""{"a":{"dtype":1,"shape":[0],"data_offsets":[0,0]}}""", "tensor 'a' has no dtype that is a text")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,0]}}""", "tensor 'a' has no shape that is a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", "tensor 'a' has no shape that is a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", "tensor 'a' has no data_offsets that is a list")]
    [InlineData("""{"__metadata__":1}""", "its header is not as it should be")]
    [InlineData("""{"__metadata__":{"k":1}}""", "its header is not as it should be")]
    [InlineData("""{"__metadata__":{"k":null}}""", "metadata 'k' is null")]
    [InlineData("""{"__metadata__":{"\ud800":"v"}}""", "its header is not as it should be")]
    public void Read_HeaderThatIsNone_SaysWhatItIs(string header, string expected) =>
        Assert.Contains(expected, RefusedMessage(SafetensorsBytes.Of(header)), StringComparison.Ordinal);

    // Two numbers, eight bytes, follow the header each time.
    [Theory]
    [InlineData("F16", "[2]", "[0,8]", "tensor 'a' is of type 'F16'; F32 fits")]
    [InlineData("f32", "[2]", "[0,8]", "tensor 'a' is of type 'f32'; F32 fits")]
    [InlineData("F32", "[3]", "[0,8]", "tensor 'a' of shape [3] does not fit bytes 0 to 8")]
    [InlineData("F32", "[2,2]", "[0,8]", "tensor 'a' of shape [2, 2] does not fit bytes 0 to 8")]
    [InlineData("F32", "[1]", "[0,8]", "tensor 'a' of shape [1] does not fit bytes 0 to 8")]
    [InlineData("F32", "[2]", "[8,0]", "tensor 'a' of shape [2] does not fit bytes 8 to 0")]
    [InlineData("F32", "[2]", "[-8,0]", "tensor 'a' of shape [2] does not fit bytes -8 to 0")]
    [InlineData("F32", "[2]", "[4,12]", "tensor 'a' begins at byte 4, where 0 is expected")]
    [InlineData("F32", "[1]", "[0,4]", "its tensors take 4 bytes; 8 follow the header")]
    [InlineData("F32", "[3]", "[0,12]", "its tensors take 12 bytes; 8 follow the header")]
    [InlineData("F32", "[-2]", "[0,8]", "tensor 'a' has the negative shape [-2]")]
    [InlineData("F32", "[-1,-2]", "[0,8]", "tensor 'a' has the negative shape [-1, -2]")]
    [InlineData("F32", "[-2,0]", "[0,0]", "tensor 'a' has the negative shape [-2, 0]")]
    [InlineData("F32", "[2147483591]", "[0,8589934364]", "its tensors take 8589934364 bytes; 8 follow the header")]
    [InlineData("F32", "[2147483647]", "[0,8589934588]", "does not fit bytes 0 to 8589934588")]
    [InlineData("F32", "[65536,65536]", "[0,17179869184]", "does not fit bytes 0 to 17179869184")]
    [InlineData("F32", "[2147483647,2147483647,2147483647,2147483647,2147483647,2147483647]", "[0,4]", "does not fit bytes 0 to 4")]
    [InlineData("F32", "[65536,65536,65536,65536]", "[0,0]", "does not fit bytes 0 to 0")]
    [InlineData("F32", "[1073741824,4]", "[0,0]", "does not fit bytes 0 to 0")]
    [InlineData("F32", "[2]", "[9223372036854775804,-9223372036854775804]", "does not fit bytes")]
    [InlineData("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]", "tensor 'a' has 9 dimensions; up to 8 fit")]
    [InlineData("F32", "[2]", "[0]", "tensor 'a' has 1 offsets; 2 fit")]
    [InlineData("F32", "[2]", "[0,4,8]", "tensor 'a' has 3 offsets; 2 fit")]
    [InlineData("F32", "[2.5]", "[0,8]", "its header is not as it should be")]
    [InlineData("F32", "[2]", "[0,8.5]", "its header is not as it should be")]
    [InlineData("F32", "[99999999999]", "[0,8]", "its header is not as it should be")]
    [InlineData("F32", "[2]", "[0,99999999999999999999]", "its header is not as it should be")]
    [InlineData("F32", "[\"2\"]", "[0,8]", "its header is not as it should be")]
    public void Read_TensorThatDoesNotFit_NamesItAndTakesNoMemory(string type, string shape, string offsets, string expected)
    {
        byte[] file = SafetensorsBytes.Of($$"""{"a":{"dtype":"{{type}}","shape":{{shape}},"data_offsets":{{offsets}} } }""", 1, 2);
        string message = "";
        long allocated = Refused.Allocated(() => message = RefusedMessage(file));

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [Theory]
    [InlineData("[0,8]", "[4,12]", "tensor 'b' begins at byte 4, where 8 is expected")]
    [InlineData("[0,8]", "[0,8]", "begins at byte 0, where 8 is expected")]
    [InlineData("[0,8]", "[12,20]", "tensor 'b' begins at byte 12, where 8 is expected")]
    [InlineData("[8,16]", "[16,24]", "tensor 'a' begins at byte 8, where 0 is expected")]
    public void Read_OverlapOrGap_NamesTheTensor(string first, string second, string expected)
    {
        byte[] file = SafetensorsBytes.Of(
            $$$"""{"a":{"dtype":"F32","shape":[2],"data_offsets":{{{first}}}},"b":{"dtype":"F32","shape":[2],"data_offsets":{{{second}}}}}""",
            1, 2, 3, 4);
        Assert.Contains(expected, RefusedMessage(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"\u0061":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}""")]
    [InlineData("""{"__metadata__":{},"__metadata__":{}}""")]
    [InlineData("""{"__metadata__":{"k":"v","k":"w"}}""")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}}""")]
    public void Read_NameTwice_Refused(string header) =>
        Assert.Contains("its header has a name twice", RefusedMessage(SafetensorsBytes.Of(header)), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("1234567")]
    public void Read_ShorterThanTheLength_SaysHowLongItIs(string text) => Assert.Contains(
        $"it has {text.Length} bytes", RefusedMessage(Encoding.ASCII.GetBytes(text)), StringComparison.Ordinal);

    [Theory]
    [InlineData(3UL)]
    [InlineData((ulong)int.MaxValue)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(ulong.MaxValue)]
    public void Read_HeaderLengthBeyondTheFile_RefusedWithoutTakingMemory(ulong length)
    {
        byte[] file = [.. SafetensorsBytes.Length(length), .. "{}"u8];
        string message = "";
        long allocated = Refused.Allocated(() => message = RefusedMessage(file));

        Assert.Contains($"its header claims {length} bytes, of 10 in all", message, StringComparison.Ordinal);
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [Fact]
    public void Read_HeaderOfMoreThanAMebibyte_Refused()
    {
        byte[] file = SafetensorsBytes.Of("{}" + new string(' ', 1 << 20));
        Assert.Contains($"at most {1 << 20}", RefusedMessage(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EveryPrefixAndOneByteMore_Refused()
    {
        byte[] file = SafetensorsBytes.Of(Vector, 1, 2);
        for (int length = 0; length < file.Length; length++)
            RefusedMessage(file[..length]);
        RefusedMessage([.. file, 0]);
    }

    [Fact]
    public void Read_LongOrHostileNames_StayOnOneShortLine()
    {
        string name = new string('x', 100_000) + "\\n";
        string message = RefusedMessage(SafetensorsBytes.Of($$"""{"\u001b[31m\n{{name}}":{"dtype":"I8","shape":[0],"data_offsets":[0,0]} }"""));
        Assert.DoesNotContain(message, char.IsControl);
        Assert.InRange(message.Length, 1, 500);

        message = RefusedMessage(SafetensorsBytes.Of($$"""{"{{name}}":{},"{{name}}":{} }"""));
        Assert.DoesNotContain(message, char.IsControl);
        Assert.InRange(message.Length, 1, 500);
    }

    [Fact]
    public void Read_NoSuchFile_NamesIt()
    {
        Refused.Message("none.safetensors", () => SafetensorsFile.Read(directory.PathOf("none.safetensors")));
        Refused.Message(directory.Path, () => SafetensorsFile.Read(directory.Path));
    }

    [Fact]
    public void Read_RandomDamage_RefusedOrWhole()
    {
        byte[] whole = SafetensorsBytes.Of(
            """{"__metadata__":{"k":"v"},"m":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"v":{"dtype":"F32","shape":[1],"data_offsets":[24,28]}}  """,
            1, 2, 3, 4, 5, 6, 7);
        int refused = Mutation.Check(whole, 10_000, 1 << 20, (name, bytes) =>
        {
            SafetensorsFile file = SafetensorsFile.Read(name, new MemoryStream(bytes));
            Assert.All(file.Tensors, tensor => Assert.Equal(tensor.Values.Length, tensor.Shape.Aggregate(1, (product, size) => product * size)));
        });

        Assert.InRange(refused, 1, 9999);
    }

    private static SafetensorsFile Read(byte[] bytes) => SafetensorsFile.Read("x.safetensors", new MemoryStream(bytes));

    private static string RefusedMessage(byte[] bytes) => Refused.Message("x.safetensors", () => Read(bytes));
}
