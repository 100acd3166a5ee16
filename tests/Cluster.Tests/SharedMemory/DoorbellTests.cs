using System.Net.Sockets;
using System.Security.Cryptography;
using Backprop.Cluster.Tests.Commands;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;

namespace Backprop.Cluster.Tests.SharedMemory;

public sealed class DoorbellTests : IDisposable
{
    private static readonly byte[] key = RandomNumberGenerator.GetBytes(SharedModels.KeyLength);

    private readonly TemporaryDirectory directory = new();
    private readonly DoorbellListener door;

    public DoorbellTests() =>
        door = DoorbellListener.TryCreate(Path.Combine(directory.Path, "door"), key)
            ?? throw new InvalidOperationException("no socket could be made");

    public void Dispose()
    {
        door.Dispose();
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
            Task sending = Task.Run(() => Array.ForEach(names, name => Assert.True(here.TrySend(new WorkerMessage { Join = new JoinRequest { Name = name } }))), TestContext.Current.CancellationToken);
            foreach (string name in names)
                Assert.Equal(name, there.Receive(WorkerMessage.Parser)!.Join.Name);
            await sending;
            Assert.True(there.TrySend(new CoordinatorMessage { Heartbeat = new Heartbeat() }));
            Assert.NotNull(here.Receive(CoordinatorMessage.Parser)!.Heartbeat);
        }
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
        using Doorbell? stranger = Doorbell.TryConnect(door.Path, new byte[SharedModels.KeyLength]);
        Assert.NotNull(stranger);
        Assert.Null(door.TryAccept());
        Assert.Null(stranger.Receive(CoordinatorMessage.Parser));
    }

    [Fact]
    public void TryAccept_NobodyThere_GivesUp() => Assert.Null(door.TryAccept());

    [Fact]
    public void TryConnect_NoSuchDoor_GivesUp()
    {
        Assert.Null(Doorbell.TryConnect(Path.Combine(directory.Path, "elsewhere"), key));
        Assert.Null(Doorbell.TryConnect(new string('x', 5000), key));
        Assert.Null(Doorbell.TryConnect("", key));
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
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(door.Path));
        socket.Send(key);
        using Doorbell there = door.TryAccept()!;
        socket.Send(bytes);
        MalformedMessageException error = Assert.Throws<MalformedMessageException>(() => there.Receive(WorkerMessage.Parser));
        Assert.Contains(says, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    private (Doorbell Here, Doorbell There) Connected()
    {
        Doorbell? here = Doorbell.TryConnect(door.Path, key);
        Doorbell? there = door.TryAccept();
        Assert.NotNull(here);
        Assert.NotNull(there);
        return (here, there);
    }
}
