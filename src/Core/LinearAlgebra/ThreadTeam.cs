using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Backprop.Core.LinearAlgebra;

/// <summary>
/// A fixed number of threads that work on one thing at a time. The caller of <see cref="Run"/> is one of them; the
/// others stay alive between runs. Where runs follow each other closely, as products do in a training step, they wait busily for some
/// microseconds; then they sleep, since the cores may be wanted by other processes.
/// </summary>
public sealed class ThreadTeam : IDisposable
{
    private static readonly long busyTicks = Stopwatch.Frequency * 30 / 1_000_000;
    private readonly bool isBusy;

    private readonly TeamMember[] members;
    private readonly SemaphoreSlim callerGate = new(0);
    private ITeamWork? work;
    private ExceptionDispatchInfo? failure;
    private int run;
    private int unfinished;
    private int callerSleeps;
    private int running;
    private volatile bool ending;

    /// <param name="threadCount">At least 1; with 1 no thread is started and <see cref="Run"/> works inline.</param>
    /// <param name="isBusy">Whether runs follow each other closely, so that threads wait busily for the next one for a moment before they sleep.</param>
    public ThreadTeam(int threadCount, bool isBusy = true)
    {
        if (threadCount < 1)
            throw new ArgumentOutOfRangeException(
                nameof(threadCount), threadCount, $"A team needs at least 1 thread, not {threadCount}.");

        this.isBusy = isBusy;
        ThreadCount = threadCount;
        members = new TeamMember[threadCount - 1];
        for (int i = 0; i < members.Length; i++)
            members[i] = new TeamMember(this, i + 1);
        foreach (TeamMember member in members)
            member.Start();
    }

    public int ThreadCount { get; }

    /// <summary>Executes every part of the work and returns when all are done.</summary>
    /// <exception cref="InvalidOperationException">The team is at work already: runs cannot nest or overlap.</exception>
    /// <remarks>What a part throws is thrown again here once all parts have ended; of several, the first.</remarks>
    public void Run(ITeamWork work)
    {
        ObjectDisposedException.ThrowIf(ending, this);
        if (Interlocked.Exchange(ref running, 1) != 0)
            throw new InvalidOperationException("The thread team is at work already; use a second team.");

        try
        {
            if (members.Length == 0)
            {
                work.Execute(0, 1);
                return;
            }

            Share(work);
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }

    public void Dispose()
    {
        if (ending)
            return;

        ending = true;
        Interlocked.Increment(ref run);
        foreach (TeamMember member in members)
            member.Wake();
        foreach (TeamMember member in members)
            member.Dispose();
        callerGate.Dispose();
    }

    private void Share(ITeamWork work)
    {
        this.work = work;
        failure = null;
        Volatile.Write(ref unfinished, ThreadCount);
        int current = Interlocked.Increment(ref run);
        foreach (TeamMember member in members)
            member.Wake();

        ExecutePart(0);
        // A member that the system has not let run yet would only be waited for: its part is done here instead.
        for (int i = members.Length - 1; i >= 0; i--)
        {
            if (members[i].Claim(current))
                ExecutePart(members[i].Part);
        }

        AwaitParts();
        this.work = null;
        failure?.Throw();
    }

    private void ExecutePart(int part)
    {
        try
        {
            work!.Execute(part, ThreadCount);
        }
#pragma warning disable CA1031 // Whatever a part throws belongs to the caller of Run, who gets it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
        }

        if (Interlocked.Decrement(ref unfinished) == 0 && Interlocked.Exchange(ref callerSleeps, 0) == 1)
            callerGate.Release();
    }

    private void AwaitParts()
    {
        long begin = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref unfinished) != 0)
        {
            if (Stopwatch.GetTimestamp() - begin < busyTicks)
            {
                Thread.SpinWait(8);
                continue;
            }

            Interlocked.Exchange(ref callerSleeps, 1);
            // Either the last part has ended in the meantime and nobody else has seen the flag, or a release comes.
            if (Volatile.Read(ref unfinished) == 0 && Interlocked.Exchange(ref callerSleeps, 0) == 1)
                return;
            callerGate.Wait();
        }
    }

    /// <summary>One of the threads beside the caller.</summary>
    private sealed class TeamMember : IDisposable
    {
        private readonly ThreadTeam team;
        private readonly Thread thread;
        private readonly ManualResetEventSlim gate;
        private int claimed;
        private int sleeps;

        public TeamMember(ThreadTeam team, int part)
        {
            this.team = team;
            Part = part;

            // Each Set is waited for once, and reset before the next can come. So many turns busily before it sleeps as SemaphoreSlim takes.
            gate = new ManualResetEventSlim(false, team.isBusy ? 140 : 0);
            thread = new Thread(Work) { IsBackground = true, Name = $"Backprop team {part}" };
        }

        public int Part { get; }

        public void Start() => thread.Start();

        /// <summary>True for one caller a run: whoever gets it executes this member's part.</summary>
        public bool Claim(int current) =>
            Interlocked.CompareExchange(ref claimed, current, current - 1) == current - 1;

        public void Wake()
        {
            if (Volatile.Read(ref sleeps) == 1 && Interlocked.Exchange(ref sleeps, 0) == 1)
                gate.Set();
        }

        public void Dispose()
        {
            thread.Join();
            gate.Dispose();
        }

        private void Work()
        {
            // The first wait that does not end in its busy turns allocates the event's lock: here, not in some later step.
            gate.Wait(1);
            int seen = 0;
            while (true)
            {
                seen = AwaitRun(seen);
                if (team.ending)
                    return;
                if (Claim(seen))
                    team.ExecutePart(Part);
            }
        }

        private int AwaitRun(int seen)
        {
            long begin = Stopwatch.GetTimestamp();
            while (true)
            {
                int current = Volatile.Read(ref team.run);
                if (current != seen)
                    return current;

                if (team.isBusy && Stopwatch.GetTimestamp() - begin < busyTicks)
                {
                    Thread.SpinWait(8);
                    continue;
                }

                Interlocked.Exchange(ref sleeps, 1);
                if (Volatile.Read(ref team.run) != seen && Interlocked.Exchange(ref sleeps, 0) == 1)
                    continue;
                gate.Wait();
                gate.Reset();
            }
        }
    }
}
