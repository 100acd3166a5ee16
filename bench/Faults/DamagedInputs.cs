using System.Diagnostics;
using Backprop.Core;
using Backprop.Core.Data;
using Grpc.Core;

namespace Backprop.Faults;

/// <summary>Random and damaged inputs for everything that reads bytes from outside: taken or refused, never anything else.</summary>
internal sealed class DamagedInputs : IMeasurement
{
    private const ulong Seed = 36;

    /// <summary>What reading may take of memory: a reader's buffers, and some for each byte that came.</summary>
    private const long BytesAtMost = 1 << 20;
    private const long BytesPerByteAtMost = 1 << 10;

    private static readonly TimeSpan timeAtMost = TimeSpan.FromSeconds(10);

    public string Name => "inputs";

    public string Description => "Random and damaged bytes for every reader of what comes from outside; --repeats are inputs in all.";

    public int Repeats => 10_000_000;

    public Task MeasureAsync(int count, ReportSection section, CancellationToken cancellation)
    {
        section.Line($"");
        section.Line($"| reader | inputs | taken | most memory an input | most time an input |");
        section.Line($"|---|---|---|---|---|");
        IReadOnlyList<OutsideReader> readers = OutsideReader.All();
        int each = (count + readers.Count - 1) / readers.Count;
        for (int reader = 0; reader < readers.Count; reader++)
        {
            foreach (byte[] whole in readers[reader].Whole)
            {
                // Otherwise all that is refused might be refused for another reason.
                if (!IsTaken(readers[reader], whole))
                    throw new MeasurementException($"{readers[reader].Name}: an undamaged input is refused.");
            }

            (long taken, long memory, TimeSpan time) = MeasureTogether(readers[reader], (ulong)reader, each, cancellation);
            section.Line($"| {readers[reader].Name} | {each:N0} | {taken:N0} | {memory / 1024.0:N0} KiB | {time.TotalMilliseconds:0.0} ms |");
            Console.Error.WriteLine($"{readers[reader].Name}: {each:N0} inputs, {taken:N0} taken");
        }

        section.Line($"");
        section.Line($"Each was read, or refused with the error that its reader promises; one may take {BytesAtMost >> 20} MiB and {BytesPerByteAtMost:N0} bytes for each byte of it, and {timeAtMost.TotalSeconds:0} s. An input follows from its reader and its number.");
        return Task.CompletedTask;
    }

    /// <exception cref="MeasurementException">An input did what none may.</exception>
    private static (long Taken, long Memory, TimeSpan Time) MeasureTogether(
        OutsideReader reader, ulong stream, int count, CancellationToken cancellation)
    {
        try
        {
            return Measure(reader, stream, count, cancellation);
        }
        catch (AggregateException error) when (error.InnerException is MeasurementException first)
        {
            throw first;
        }
    }

    private static (long Taken, long Memory, TimeSpan Time) Measure(
        OutsideReader reader, ulong stream, int count, CancellationToken cancellation)
    {
        var gate = new Lock();
        (long taken, long memory, TimeSpan time) = (0, 0, TimeSpan.Zero);
        Parallel.For(0, Environment.ProcessorCount, part =>
        {
            (long partTaken, long partMemory, TimeSpan partTime) = (0, 0, TimeSpan.Zero);
            for (long i = part; i < count && !cancellation.IsCancellationRequested; i += Environment.ProcessorCount)
            {
                byte[] input = Damage.Next(new RandomSource(Seed, stream, (ulong)i), reader.Whole);
                long before = GC.GetAllocatedBytesForCurrentThread();
                long begin = Stopwatch.GetTimestamp();
                bool isTaken;
                try
                {
                    isTaken = IsTaken(reader, input);
                }
#pragma warning disable CA1031 // Any other exception is what is looked for.
                catch (Exception error)
#pragma warning restore CA1031
                {
                    throw new MeasurementException($"{reader.Name}, input {i}: {error.GetType().Name}: {error.Message} ({Convert.ToHexString(input)})");
                }

                TimeSpan elapsed = Stopwatch.GetElapsedTime(begin);
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                if (allocated > BytesAtMost + (BytesPerByteAtMost * input.Length) || elapsed > timeAtMost)
                    throw new MeasurementException($"{reader.Name}, input {i}: took {allocated:N0} bytes and {elapsed} ({Convert.ToHexString(input)})");
                partTaken += isTaken ? 1 : 0;
                partMemory = Math.Max(partMemory, allocated);
                partTime = partTime > elapsed ? partTime : elapsed;
            }

            lock (gate)
            {
                taken += partTaken;
                memory = Math.Max(memory, partMemory);
                time = time > partTime ? time : partTime;
            }
        });
        cancellation.ThrowIfCancellationRequested();
        return (taken, memory, time);
    }

    private static bool IsTaken(OutsideReader reader, byte[] input)
    {
        try
        {
            reader.Read(input);
            return true;
        }
        catch (UserErrorException)
        {
            return false;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.InvalidArgument)
        {
            return false;
        }
    }
}
