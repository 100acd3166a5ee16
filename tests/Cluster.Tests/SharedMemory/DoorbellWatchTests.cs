using System.Collections.Concurrent;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Core.Model;
using Backprop.Protos;
using Backprop.Protos.SharedMemory;
using Backprop.Protos.Tensors;
using Backprop.Serving;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;

namespace Backprop.Cluster.Tests.SharedMemory;

public sealed class DoorbellWatchTests : IDisposable
{
    private static readonly NetworkShape shape = NetworkShape.Parse("2-1");

    private readonly TemporaryDirectory directory = new();
    private readonly ConcurrentQueue<IDisposable> opened = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (IDisposable one in opened.Reverse())
            one.Dispose();
        directory.Dispose();
    }

    /// <summary>A message that comes while the thread that looks falls asleep must ring, or nobody ever takes it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task Attend_TwoWorkersAtAnyMoment_NoMessageIsLost(int patienceUs)
    {
        const int Messages = 20_000;
        var watch = new DoorbellWatch(new EventQueue(), TimeSpan.FromMicroseconds(patienceUs), TimeProvider.System);
        Task<bool>[] talking = [.. new[] { "a", "b" }.Select(name =>
        {
            Doorbell worker = Answered(watch, name);
            return Task.Factory.StartNew(
                () => Enumerable.Range(0, Messages).All(i => IsAnswered(worker, i)), Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        })];
        Assert.All(await Task.WhenAll(talking).WaitAsync(ProgramProcess.Deadline, Cancellation), Assert.True);
    }

    /// <summary>A worker hands the values of several nodes out at once, and sleeps until it hears of them.</summary>
    [Fact]
    public async Task Attend_SeveralMessagesAtOnce_AllAreTaken()
    {
        Doorbell worker = Answered(new DoorbellWatch(new EventQueue(), TimeSpan.Zero, TimeProvider.System), "a");
        Task<bool> talking = Task.Run(
            () => Enumerable.Range(0, 100).All(_ =>
                Enumerable.Range(1, 9).All(i => IsSent(worker, i)) && Enumerable.Range(1, 9).All(i => IsHeard(worker, i))),
            Cancellation);
        Assert.True(await talking.WaitAsync(ProgramProcess.Deadline, Cancellation));
    }

    [Fact]
    public async Task Attend_AnotherWorkerLater_IsHeardWhileTheFirstNeverPauses()
    {
        var watch = new DoorbellWatch(new EventQueue(), TimeSpan.FromSeconds(1), TimeProvider.System);
        Doorbell first = Answered(watch, "first");
        var isLookedFor = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isHeard = false;
        Task<bool> talking = Task.Run(
            () =>
            {
                for (int i = 0; !Volatile.Read(ref isHeard); i++)
                {
                    if (!IsAnswered(first, 0))
                        return false;
                    if (i == 9)
                        isLookedFor.SetResult();
                }

                return true;
            },
            Cancellation);
        await isLookedFor.Task.WaitAsync(ProgramProcess.Deadline, Cancellation);
        Doorbell second = Answered(watch, "second");
        await InTime(() => IsAnswered(second, 1));
        Volatile.Write(ref isHeard, true);
        Assert.True(await talking.WaitAsync(ProgramProcess.Deadline, Cancellation));
    }

    /// <summary>Looking where nothing comes for long takes a core from a worker that computes; of who has been asked nothing yet it is not known.</summary>
    [Fact]
    public async Task Attend_AMessageThatNothingAskedFor_SleepsAfterIt()
    {
        (SharedModels memory, Doorbell worker) = Alone(TimeSpan.FromHours(1));
        await InTime(() => IsAnswered(worker, 1));
        await FallsAsleep(memory);
    }

    [Fact]
    public async Task Attend_AnswersThatTakeLong_SleepsAfterEach()
    {
        (SharedModels memory, Doorbell worker) = Alone(TimeSpan.FromTicks(1));
        for (int i = 0; i < 100; i++)
        {
            await InTime(() => IsAnswered(worker, 1));
            await FallsAsleep(memory);
        }
    }

    /// <summary>The thread that looks need not be rung for.</summary>
    [Fact]
    public async Task Attend_AnswersThatComeSoon_StaysAwakeAfterEach()
    {
        (SharedModels memory, Doorbell worker) = Alone(TimeSpan.FromHours(1));
        await InTime(() => IsAnswered(worker, 1) && IsAnswered(worker, 2));
        for (int i = 0; i < 1000; i++)
        {
            // Time enough to fall asleep.
            Thread.Yield();
            Assert.False(memory.ToCoordinator.IsReaderAsleep);
            await InTime(() => IsAnswered(worker, 3));
        }
    }

    /// <summary>Answers that take 80 ms are due after 40 ms, and then for 5 ms after each of another worker.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Attend_AnotherAnswerIsDue_StaysAwakeUntilItHasComeOrShouldHave(bool comes)
    {
        var time = new FakeTimeProvider();
        var watch = new DoorbellWatch(new EventQueue(), TimeSpan.Zero, time);
        (SharedModels memory, Doorbell first) = Attended(watch, "first");
        (_, Doorbell second) = Attended(watch, "second");
        for (int i = 0; i < 2; i++)
        {
            await InTime(() => IsAnswered(first, 1) && IsAnswered(second, 1));
            time.Advance(TimeSpan.FromMilliseconds(80 - (41 * i)));
        }

        await InTime(() => IsAnswered(first, 2));
        await FallsAsleep(memory);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await InTime(() => IsAnswered(first, 2));
        for (int i = 0; i < 1000; i++)
        {
            Thread.Yield();
            Assert.False(memory.ToCoordinator.IsReaderAsleep);
        }

        if (comes)
            await InTime(() => IsAnswered(second, 2));
        else
            time.Advance(TimeSpan.FromMilliseconds(5));
        await FallsAsleep(memory);
    }

    /// <summary>What the thread of all workers throws would end the process.</summary>
    [Theory]
    [InlineData(StatusCode.FailedPrecondition, "not asked for")]
    [InlineData(StatusCode.InvalidArgument, "Worker wrong sent by its doorbell nonsense.")]
    [InlineData(StatusCode.Internal, "the memory is gone")]
    public async Task Attend_AWorkerThatDoesNotFit_IsSentAwayAndTheOtherHeard(StatusCode code, string says)
    {
        Exception error = code switch
        {
            StatusCode.FailedPrecondition => new RpcException(new Status(code, says)),
            StatusCode.InvalidArgument => new MalformedMessageException("nonsense"),
            _ => new ObjectDisposedException(null, says),
        };
        int taken = 0;
        var closed = new TaskCompletionSource<Status>(TaskCreationOptions.RunContinuationsAsynchronously);
        var watch = new DoorbellWatch(new EventQueue(), TimeSpan.FromMicroseconds(5), TimeProvider.System);
        (Doorbell wrong, Doorbell end) = Connected("wrong");
        watch.Attend(new DoorbellCaller(
            end, "wrong",
            _ =>
            {
                taken++;
                throw error;
            },
            status => closed.TrySetResult(status), watch.Time));
        Doorbell other = Answered(watch, "other");
        Assert.True(wrong.TrySend(new WorkerMessage()));
        Status status = await closed.Task.WaitAsync(ProgramProcess.Deadline, Cancellation);
        Assert.Equal(code, status.StatusCode);
        Assert.Contains(says, status.Detail, StringComparison.Ordinal);
        Assert.True(wrong.TrySend(new WorkerMessage()));
        for (int i = 0; i < 3; i++)
            await InTime(() => IsAnswered(other, 0));
        Assert.Equal(1, taken);
    }

    /// <summary>The memory of a worker whose call is over may go while others' doorbells are looked at.</summary>
    [Fact]
    public async Task Attend_AWorkersMemoryIsGone_TheOtherIsHeard()
    {
        var watch = new DoorbellWatch(new EventQueue(), TimeSpan.FromMicroseconds(5), TimeProvider.System);
        (SharedModels memory, Doorbell end, _) = Open("gone");
        watch.Attend(new DoorbellCaller(end, "gone", _ => { }, _ => { }, watch.Time));
        Doorbell other = Answered(watch, "other");
        await InTime(() => IsAnswered(other, 0));
        memory.Dispose();
        await InTime(() => IsAnswered(other, 1));
        Assert.Null(end.TryReceive(WorkerMessage.Parser));
        Assert.True(end.TryFallAsleep());
        end.WakeUp();
    }

    /// <summary>Whoever does not answer any more would be waited for as long as its call says that it is alive.</summary>
    [Fact]
    public async Task Attend_TheWorkersEndIsGone_EndsItsCall()
    {
        var closed = new TaskCompletionSource<Status>(TaskCreationOptions.RunContinuationsAsynchronously);
        (Doorbell worker, Doorbell end) = Connected("gone");
        var watch = new DoorbellWatch(new EventQueue(), TimeSpan.Zero, TimeProvider.System);
        watch.Attend(new DoorbellCaller(end, "gone", _ => { }, status => closed.TrySetResult(status), watch.Time));
        worker.Dispose();
        Status status = await closed.Task.WaitAsync(ProgramProcess.Deadline, Cancellation);
        Assert.Equal(new Status(StatusCode.Unavailable, "its connection broke"), status);
    }

    /// <summary>A worker whose messages are each answered with their number.</summary>
    private Doorbell Answered(DoorbellWatch watch, string name) => Attended(watch, name).Worker;

    /// <summary>The only worker of a watch.</summary>
    private (SharedModels Memory, Doorbell Worker) Alone(TimeSpan patience) =>
        Attended(new DoorbellWatch(new EventQueue(), patience, TimeProvider.System), "alone");

    private (SharedModels Memory, Doorbell Worker) Attended(DoorbellWatch watch, string name)
    {
        (SharedModels memory, Doorbell end, Doorbell worker) = Open(name);
        Attend(watch, end, name);
        return (memory, worker);
    }

    private static void Attend(DoorbellWatch watch, Doorbell end, string name)
    {
        DoorbellCaller? caller = null;
        caller = new DoorbellCaller(
            end, name,
            message => caller!.TrySend(new CoordinatorMessage { Heartbeat = new Heartbeat { Threads = message.Heartbeat.Threads } }),
            _ => { }, watch.Time);
        watch.Attend(caller);
    }

    private static Task FallsAsleep(SharedModels memory) =>
        InTime(() => SpinWait.SpinUntil(() => memory.ToCoordinator.IsReaderAsleep, ProgramProcess.Deadline));

    private static async Task InTime(Func<bool> isSo) =>
        Assert.True(await Task.Run(isSo, Cancellation).WaitAsync(ProgramProcess.Deadline, Cancellation));

    private static bool IsAnswered(Doorbell worker, int number)
    {
        // At another moment of the looking each time.
        Thread.SpinWait(number % 64);
        return IsSent(worker, number) && IsHeard(worker, number);
    }

    private static bool IsSent(Doorbell worker, int number) =>
        worker.TrySend(new WorkerMessage { Heartbeat = new Heartbeat { Threads = (uint)number } });

    private static bool IsHeard(Doorbell worker, int number) => worker.Receive(CoordinatorMessage.Parser)?.Heartbeat.Threads == number;

    private (Doorbell Worker, Doorbell End) Connected(string name)
    {
        (_, Doorbell end, Doorbell worker) = Open(name);
        return (worker, end);
    }

    private (SharedModels Memory, Doorbell End, Doorbell Worker) Open(string name)
    {
        SharedModels memory = Opened(SharedModels.Create(Path.Combine(directory.Path, $"backprop-{name}"), shape, count: 1));
        SharedModels mapped = Opened(SharedModels.TryOpen(memory.Path, memory.Key, shape, count: 1, isWritable: true)!);
        DoorbellListener door = Opened(DoorbellListener.TryCreate(Path.Combine(directory.Path, name), memory)!);
        Doorbell worker = Opened(Doorbell.TryConnect(door.Path, mapped)!);
        return (memory, Opened(door.TryAccept()!), worker);
    }

    private T Opened<T>(T one)
        where T : IDisposable
    {
        opened.Enqueue(one);
        return one;
    }
}
