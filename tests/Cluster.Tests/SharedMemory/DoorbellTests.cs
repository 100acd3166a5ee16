using Backprop.Cluster.Tests.Commands;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;
using Backprop.Worker.Transport;
using Google.Protobuf;

namespace Backprop.Cluster.Tests.SharedMemory;

public sealed class DoorbellTests : IDisposable
{
    private static readonly NetworkShape shape = NetworkShape.Parse("2-1");

    private readonly TemporaryDirectory directory = new();
    private readonly SharedModels memory;
    private readonly SharedModels mapped;
    private readonly DoorbellListener door;

    public DoorbellTests()
    {
        memory = SharedModels.Create(Path.Combine(directory.Path, "backprop-memory"), shape, count: 1);
        mapped = SharedModels.TryOpen(memory.Path, memory.Key, shape, count: 1, isWritable: true)!;
        memory.Unlink();
        door = DoorbellListener.TryCreate(Path.Combine(directory.Path, "door"), memory)
            ?? throw new InvalidOperationException("no socket could be made");
    }

    public void Dispose()
    {
        door.Dispose();
        mapped.Dispose();
        memory.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task Send_SmallAndLargeMessages_ComeWholeAndInOrder()
    {
        (Doorbell here, Doorbell there) = Connected();
        using (here)
        using (there)
        {
            string[] names = [.. Enumerable.Range(0, 40).Select(i => new string((char)('a' + (i % 26)), i * i * 13))];
            Task<bool> answered = Task.Run(() => AreEqual(here, names), TestContext.Current.CancellationToken);
            Task<bool> asked = Task.Run(() => Send(there, names), TestContext.Current.CancellationToken);
            Assert.True(await answered.WaitAsync(Processes.ProgramProcess.Deadline, TestContext.Current.CancellationToken));
            Assert.True(await asked);
        }

        static bool Send(Doorbell coordinator, string[] names) => names.All(name =>
            coordinator.TrySend(new CoordinatorMessage { Assignment = new Assignment { RunId = name } })
            && (name.Length % 2 == 1 || coordinator.Receive(WorkerMessage.Parser)!.Join.Name == name));

        static bool AreEqual(Doorbell worker, string[] names) => names.All(name =>
            worker.Receive(CoordinatorMessage.Parser)!.Assignment.RunId == name
            && (name.Length % 2 == 1 || worker.TrySend(new WorkerMessage { Join = new JoinRequest { Name = name } })));
    }

    [Fact]
    public void TryAccept_AnyEnd_TheNameIsGone()
    {
        Assert.True(File.Exists(door.Path));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(door.Path));
        (Doorbell here, Doorbell there) = Connected();
        here.Dispose();
        there.Dispose();
        Assert.Empty(directory.Entries());
    }

    [Fact]
    public void TryAccept_WrongKey_TakesNobodyIn()
    {
        using SharedModels other = SharedModels.Create(Path.Combine(directory.Path, "backprop-other"), shape, count: 1);
        using Doorbell? stranger = Doorbell.TryConnect(door.Path, other);
        Assert.NotNull(stranger);
        Assert.Null(door.TryAccept());
        Assert.Null(stranger.Receive(CoordinatorMessage.Parser));
    }

    [Fact]
    public void TryAccept_NobodyThere_GivesUp() => Assert.Null(door.TryAccept());

    [Fact]
    public void TryConnect_NoSuchDoor_GivesUp()
    {
        Assert.Null(Doorbell.TryConnect(Path.Combine(directory.Path, "elsewhere"), mapped));
        Assert.Null(Doorbell.TryConnect(new string('x', 5000), mapped));
        Assert.Null(Doorbell.TryConnect("", mapped));
    }

    [Fact]
    public void Receive_OtherSideGone_Ends()
    {
        (Doorbell here, Doorbell there) = Connected();
        using (here)
        {
            there.Dispose();
            Assert.Null(here.Receive(WorkerMessage.Parser));
        }
    }

    [Fact]
    public async Task Dispose_ThreadWaitsForAMessage_IsWoken()
    {
        (Doorbell here, Doorbell there) = Connected();
        using (there)
        {
            Task<WorkerMessage?> receiving = Task.Run(() => here.Receive(WorkerMessage.Parser), TestContext.Current.CancellationToken);
            here.Dispose();
            Assert.Null(await receiving.WaitAsync(Processes.ProgramProcess.Deadline, TestContext.Current.CancellationToken));
            Assert.False(here.TrySend(new WorkerMessage()));
        }
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 16, 0 }, "a message of 1048577 bytes, where 1048576 are the most")]
    [InlineData(new byte[] { 255, 255, 255, 255 }, "a message of 4294967295 bytes, where 1048576 are the most")]
    [InlineData(new byte[] { 2, 0, 0, 0, 10, 100 }, "truncated")]
    public void Receive_NoMessage_IsRefused(byte[] bytes, string says)
    {
        (Doorbell here, Doorbell there) = Connected();
        using (here)
        using (there)
        {
            memory.ToWorker.Write(bytes);
            MalformedMessageException toWorker = Assert.Throws<MalformedMessageException>(() => here.Receive(CoordinatorMessage.Parser));
            Assert.Contains(says, toWorker.Message, StringComparison.OrdinalIgnoreCase);
            mapped.ToCoordinator.Write(bytes);
            MalformedMessageException toCoordinator = Assert.Throws<MalformedMessageException>(() => there.TryReceive(WorkerMessage.Parser));
            Assert.Contains(says, toCoordinator.Message, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void TryReceive_PartOfAMessage_WaitsForTheRest()
    {
        (Doorbell here, Doorbell there) = Connected();
        using (here)
        using (there)
        {
            var message = new WorkerMessage { Join = new JoinRequest { Name = "whole" } };
            byte[] bytes = [(byte)message.CalculateSize(), 0, 0, 0, .. message.ToByteArray()];
            foreach (byte next in bytes)
            {
                Assert.Null(there.TryReceive(WorkerMessage.Parser));
                mapped.ToCoordinator.Write([next]);
            }

            Assert.Equal(message, there.TryReceive(WorkerMessage.Parser));
            Assert.Null(there.TryReceive(WorkerMessage.Parser));
        }
    }

    [Fact]
    public void TrySend_MemoryIsGone_IsRefused()
    {
        (Doorbell here, Doorbell there) = Connected();
        using (here)
        using (there)
        {
            memory.Dispose();
            Assert.False(there.TrySend(new CoordinatorMessage { Heartbeat = new Heartbeat() }));
        }
    }

    [Fact]
    public void TrySend_WorkerDoesNotRead_GivesUpAndSendsNothingMore()
    {
        (Doorbell here, Doorbell there) = Connected();
        using (here)
        using (there)
        {
            Assert.False(there.TrySend(new CoordinatorMessage { Assignment = new Assignment { RunId = new string('r', MessageRing.Length) } }));
            Span<byte> begun = new byte[MessageRing.Length];
            Assert.InRange(mapped.ToWorker.Read(begun), 1, MessageRing.Length);

            // The rest of a message that was cut off is never taken for the beginning of the next one.
            Assert.False(there.TrySend(new CoordinatorMessage { Heartbeat = new Heartbeat() }));
            Assert.True(mapped.ToWorker.IsEmpty);
        }
    }

    [Fact]
    public void EvaluationReady_NothingCanBeSent_HangsUp()
    {
        (Doorbell here, Doorbell there) = Connected();
        using (here)
        using (there)
        {
            using var sender = new NodeValueSender(new OutgoingFrames(), "run", shared: null, here, _ => { });
            mapped.Dispose();
            sender.EvaluationReady(0, new ShardNode(0, 1), default);
            Assert.False(there.Sleep());
        }
    }

    [Fact]
    public async Task Receive_WorkerSleeps_IsWoken()
    {
        (Doorbell here, Doorbell there) = Connected();
        using (here)
        using (there)
        {
            Task<CoordinatorMessage?> receiving = Task.Run(() => here.Receive(CoordinatorMessage.Parser), TestContext.Current.CancellationToken);
            Assert.True(SpinWait.SpinUntil(() => memory.ToWorker.IsReaderAsleep, Processes.ProgramProcess.Deadline));
            Assert.True(there.TrySend(new CoordinatorMessage { Heartbeat = new Heartbeat() }));
            CoordinatorMessage? message = await receiving.WaitAsync(Processes.ProgramProcess.Deadline, TestContext.Current.CancellationToken);
            Assert.NotNull(message?.Heartbeat);
        }
    }

    private (Doorbell Here, Doorbell There) Connected()
    {
        Doorbell? here = Doorbell.TryConnect(door.Path, mapped);
        Doorbell? there = door.TryAccept();
        Assert.NotNull(here);
        Assert.NotNull(there);
        return (here, there);
    }
}
