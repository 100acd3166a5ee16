using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Core.Data;
using Backprop.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>
/// Bytes that no worker would send. Each call ends with a status, the coordinator's memory stays bounded, and the run
/// then gives the same weights with a good worker.
/// </summary>
public sealed class HostileBytesTests : IDisposable
{
    private const long MemoryAtMost = 512L << 20;
    private static readonly Marshaller<byte[]> raw = new(bytes => bytes, bytes => bytes);

    private readonly TemporaryDirectory directory = new();
    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = ProgramProcess.Deadline };

    public void Dispose()
    {
        client.Dispose();
        directory.Dispose();
    }

    [Theory]
    [InlineData(RawCall.Work)]
    [InlineData(RawCall.FetchDataset)]
    [InlineData(RawCall.GetStatus)]
    [InlineData(RawCall.CheckHealth)]
    public Task Call_ClaimedHugeLength_ResourceExhausted(string path) => ExpectUnharmedAsync(async address =>
    {
        // One bit more than an int holds is another case for whoever reads it.
        foreach (uint length in (uint[])[0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
        {
            for (int i = 0; i < 20; i++)
            {
                byte[] body = RawCall.Prefixed([1, 2, 3], claimedLength: length);
                Assert.Equal((int)StatusCode.ResourceExhausted, (await RawCall.SendAsync(client, address, path, body)).Status);
            }
        }
    });

    [Fact]
    public Task Call_MessageAboveTheLimit_ResourceExhausted() => ExpectUnharmedAsync(async address =>
    {
        byte[] join = new WorkerMessage { Join = PlainWorker.Request(new string('x', ProtocolVersion.MaximumMessageLength)) }.ToByteArray();
        var answer = await RawCall.SendAsync(client, address, RawCall.Work, RawCall.Prefixed(join));
        Assert.Equal((int)StatusCode.ResourceExhausted, answer.Status);
    });

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("snappy")]
    public Task Call_CompressedMessage_Unimplemented(string encoding) => ExpectUnharmedAsync(async address =>
    {
        byte[] body = RawCall.Prefixed([1, 2, 3], flag: 1);
        var (status, message, _) = await RawCall.SendAsync(client, address, RawCall.Work, body, encoding);
        Assert.True((int)StatusCode.Unimplemented == status, $"{status}: {message}");
    });

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5)]
    public Task Call_EndsWithinAMessage_HasAStatus(int length) => ExpectUnharmedAsync(async address =>
    {
        byte[] body = RawCall.Prefixed(new byte[100])[..length];
        foreach (string path in (string[])[RawCall.Work, RawCall.FetchDataset, RawCall.GetStatus])
            Assert.NotEqual((int)StatusCode.OK, (await RawCall.SendAsync(client, address, path, body)).Status);
    });

    [Fact]
    public Task Call_RandomBytes_HaveAStatus() => ExpectUnharmedAsync(async address =>
    {
        var random = new RandomSource(seed: 36, stream: 0);
        int refused = 0;
        for (int i = 0; i < 300; i++)
        {
            byte[] message = RandomBytes(random, random.NextInt(200));
            string path = (i % 4) switch { 0 => RawCall.FetchDataset, 1 => RawCall.GetStatus, _ => RawCall.Work };
            var (status, text, _) = await RawCall.SendAsync(client, address, path, RawCall.Prefixed(message));
            Assert.InRange(status, 0, 16);
            Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
            if (path == RawCall.Work)
                Assert.Equal((int)StatusCode.InvalidArgument, status);
            else if (status != (int)StatusCode.OK)
                Assert.True(status is (int)StatusCode.InvalidArgument or (int)StatusCode.NotFound, $"{path}: {status} {text}");
            refused += status == 0 ? 0 : 1;
        }

        Assert.InRange(refused, 250, 300);
    });

    [Fact]
    public Task Work_DamagedMessagesAfterJoin_HaveAStatus() => ExpectUnharmedAsync(async address =>
    {
        var random = new RandomSource(seed: 36, stream: 1);
        using Grpc.Net.Client.GrpcChannel channel = Channels.To(address);
        CallInvoker calls = channel.CreateCallInvoker();
        var work = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "backprop.v1.Training", "Work", raw, raw);
        Dictionary<StatusCode, int> seen = [];
        for (int i = 0; i < 300; i++)
        {
            JoinRequest join = PlainWorker.Request($"hostile-{i}");
            using var limit = new CancellationTokenSource(ProgramProcess.Deadline);
            using var call = calls.AsyncDuplexStreamingCall(work, null, new CallOptions(cancellationToken: limit.Token));
            await call.RequestStream.WriteAsync(new WorkerMessage { Join = join }.ToByteArray(), limit.Token);
            Assert.True(await call.ResponseStream.MoveNext(limit.Token));
            string run = CoordinatorMessage.Parser.ParseFrom(call.ResponseStream.Current).Welcome.RunId;

            // Nothing has been asked of this worker, so that no damaged value could be taken for a good one.
            byte[] message = Damaged(random, Messages(run)[i % Messages(run).Length]);
            StatusCode code = await EndAsync(call, message, limit.Token);
            seen[code] = seen.GetValueOrDefault(code) + 1;
        }

        StatusCode[] expected = [StatusCode.OK, StatusCode.InvalidArgument, StatusCode.FailedPrecondition];
        Assert.True(seen.Keys.All(expected.Contains), string.Join(' ', seen));
        Assert.True(seen.GetValueOrDefault(StatusCode.InvalidArgument) > 50, string.Join(' ', seen));
    });

    [Fact]
    public Task Health_Check_Serving() => ExpectUnharmedAsync(async address =>
    {
        var (status, _, answer) = await RawCall.SendAsync(client, address, RawCall.CheckHealth, RawCall.Prefixed([]));

        // HealthCheckResponse { status = SERVING }: field 1, varint 1.
        Assert.Equal((int)StatusCode.OK, status);
        Assert.Equal(RawCall.Prefixed([0x08, 0x01]), answer);
    });

    [Fact]
    public Task FetchDataset_OtherHash_NotFound() => ExpectUnharmedAsync(async address =>
    {
        using Grpc.Net.Client.GrpcChannel channel = Channels.To(address);
        using var call = new Training.TrainingClient(channel).FetchDataset(new Protos.DatasetRequest { Sha256 = "../../etc/passwd" });
        RpcException error = await Assert.ThrowsAsync<RpcException>(
            () => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Contains("This run's data set is digits, SHA-256 ", error.Status.Detail, StringComparison.Ordinal);
    });

    /// <summary>Then trains with a good worker to the same weights, and looks at the most memory that was in use.</summary>
    private async Task ExpectUnharmedAsync(Func<string, Task> attack)
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0");
        string address = await coordinator.AddressAsync();
        await attack(address);
        Assert.InRange(ProcessTable.PeakMemoryOf(coordinator.Program.Id), 1, MemoryAtMost);

        await using PlainWorker good = await PlainWorker.JoinAsync(address, "good");
        Assert.Equal("completed", (await good.TrainAsync()).Status);
        RunVerdict verdict = await coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.DoesNotContain("   at ", coordinator.Program.Errors, StringComparison.Ordinal);
    }

    private static async Task<StatusCode> EndAsync(
        AsyncDuplexStreamingCall<byte[], byte[]> call, byte[] message, CancellationToken cancellation)
    {
        try
        {
            await call.RequestStream.WriteAsync(message, cancellation);
            await call.RequestStream.CompleteAsync();
            while (await call.ResponseStream.MoveNext(cancellation))
            {
            }

            return call.GetStatus().StatusCode;
        }
        catch (RpcException error)
        {
            return error.StatusCode;
        }
    }

    private static WorkerMessage[] Messages(string run)
    {
        var node = new Node { First = 0, Count = 4 };
        var totals = new Totals { ExampleCount = 10, CorrectCount = 5, Cost = 1.5 };
        var value = new NodeValue { Header = new NodeHeader { RunId = run, Node = node, Totals = totals } };
        value.Segments.Add(new TensorSegment { Layer = 1, Values = PlainComputation.Bytes(new float[310]) });
        value.Segments.Add(new TensorSegment { Layer = 0, Offset = 5, Values = PlainComputation.Bytes([1, 2, 3]) });
        return
        [
            new WorkerMessage { NodeValue = value },
            new WorkerMessage { EvaluationValue = new EvaluationValue { RunId = run, Step = 3, Node = node, Totals = totals } },
            new WorkerMessage { Leaving = new Leaving { Reason = "tired" } },
            new WorkerMessage { NodeValue = value },
            new WorkerMessage { Join = PlainWorker.Request("again") },
        ];
    }

    /// <summary>A message with some of its bytes changed, cut off, or doubled.</summary>
    private static byte[] Damaged(RandomSource random, WorkerMessage message)
    {
        byte[] bytes = message.ToByteArray();
        switch (random.NextInt(4))
        {
            case 0: return bytes[..random.NextInt(bytes.Length)];
            case 1: return [.. bytes, .. bytes];
            case 2: return [.. bytes, .. RandomBytes(random, 1 + random.NextInt(9))];
        }

        // The first bytes hold the lengths and numbers that a parser goes by.
        for (int i = 0; i <= random.NextInt(4); i++)
            bytes[random.NextInt(Math.Min(bytes.Length, 24))] = (byte)random.NextUInt64();
        return bytes;
    }

    private static byte[] RandomBytes(RandomSource random, int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
            bytes[i] = (byte)random.NextUInt64();
        return bytes;
    }
}
