using System.Runtime.InteropServices;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;

namespace Backprop.Cluster.Tests.SharedMemory;

public sealed class MessageRingTests : IDisposable
{
    private const int Line = 64;

    private readonly unsafe byte* memory = (byte*)NativeMemory.AlignedAlloc(MessageRing.Length, Line);
    private readonly MessageRing writer;
    private readonly MessageRing reader;

    public unsafe MessageRingTests()
    {
        NativeMemory.Clear(memory, MessageRing.Length);
        writer = new MessageRing(memory);
        reader = new MessageRing(memory);
    }

    public unsafe void Dispose() => NativeMemory.AlignedFree(memory);

    [Fact]
    public void Read_ManyTimesItsLength_ComesInOrder()
    {
        byte[] pattern = [.. Enumerable.Range(0, 251).Select(i => (byte)i)];
        byte[] came = new byte[pattern.Length];
        for (int turn = 0; turn < 1000; turn++)
        {
            Assert.True(reader.IsEmpty);
            Assert.Equal(pattern.Length, writer.Write(pattern));
            Assert.False(reader.IsEmpty);
            Assert.Equal(pattern.Length, reader.Read(came));
            Assert.Equal(pattern, came);
        }
    }

    [Fact]
    public void Write_MoreThanThereIsRoomFor_WritesWhatFits()
    {
        byte[] much = [.. Enumerable.Range(0, 3 * MessageRing.Length).Select(i => (byte)(i % 253))];
        int fitting = writer.Write(much);
        Assert.InRange(fitting, 1, MessageRing.Length);
        Assert.Equal(0, writer.Write(much));
        byte[] came = new byte[much.Length];
        Assert.Equal(fitting, reader.Read(came));
        Assert.Equal(much[..fitting], came[..fitting]);
        Assert.Equal(0, reader.Read(came));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1 << 20)]
    [InlineData(long.MaxValue)]
    public unsafe void ReadAndWrite_ImpossibleCount_IsRefused(long count)
    {
        *(long*)memory = count;
        Assert.Throws<MalformedMessageException>(() => reader.Read(new byte[8]));
        *(long*)(memory + Line) = Math.Abs(count);
        Assert.Throws<MalformedMessageException>(() => writer.Write(new byte[8]));
    }

    /// <summary>Whoever sleeps between the writer's last look and the reader's is never woken.</summary>
    [Fact]
    public async Task Write_ReaderFallsAsleepMeanwhile_NoWakeUpIsLost()
    {
        const int Messages = 200_000;
        using var bell = new SemaphoreSlim(0);
        using var answers = new SemaphoreSlim(0);
        Task<bool> reading = Task.Factory.StartNew(
            () => Enumerable.Range(0, Messages).All(_ => ReadOne(bell, answers)), TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning, TaskScheduler.Default);
        bool isAnswered = true;
        for (int i = 0; i < Messages && isAnswered; i++)
        {
            // At another moment of the reader's falling asleep each time.
            Thread.SpinWait(i % 64);
            writer.Write([1]);
            if (writer.MustWake())
                bell.Release();
            isAnswered = answers.Wait(Processes.ProgramProcess.Deadline, TestContext.Current.CancellationToken);
        }

        Assert.True(isAnswered, "a wake-up was lost");
        Assert.True(await reading);
    }

    private bool ReadOne(SemaphoreSlim bell, SemaphoreSlim answers)
    {
        while (reader.Read(new byte[1]) == 0)
        {
            reader.FallAsleep();
            if (reader.IsEmpty && !bell.Wait(Processes.ProgramProcess.Deadline))
                return false;
            reader.WakeUp();
        }

        answers.Release();
        return true;
    }

    [Fact]
    public void MustWake_ReaderFellAsleep_OnceForEachSleep()
    {
        Assert.False(writer.MustWake());
        reader.FallAsleep();
        Assert.True(writer.MustWake());
        Assert.False(writer.MustWake());
        reader.FallAsleep();
        reader.WakeUp();
        Assert.False(writer.MustWake());
    }
}
