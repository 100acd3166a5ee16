using System.Text.Json;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>--trace: every step of real workers is in the file, whole, whichever way tensors went, and the weights are the same.</summary>
public sealed class TraceTests : IDisposable
{
    private const string Options = "--epochs 2 --mini-batch 60";
    private const int Steps = 50;

    private static readonly string[] computed = ["backward 0", "backward 1", "forward 0", "forward 1", "gather", "hand out 0", "hand out 1"];

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Train_LocalWorkers_EachStepOfEachWorkerIsThere()
    {
        RunVerdict plain = await CoordinatorProcess.CompleteAsync(directory, $"{Options} --in-process", "reference");
        RunVerdict traced = await CoordinatorProcess.CompleteAsync(directory, $"{Options} --workers 2 --trace {Path}");

        Assert.Equal(plain.WeightsSha256, traced.WeightsSha256);
        List<Span> spans = Read();
        for (int worker = 1; worker <= 2; worker++)
            RequireEveryStep(spans, worker, computed);
        Assert.Equal(Enumerable.Range(0, Steps), StepsOf(spans, "add and update"));
        Assert.Equal(Enumerable.Range(0, Steps), StepsOf(spans, "step"));
        Assert.Equal([Steps / 2, Steps], StepsOf(spans, "evaluation"));
    }

    [Fact]
    public async Task Train_TensorsOverGrpc_WaitingForWeightsIsThere()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, $"{Options} --workers 0 --trace {Path}");
        await using ProgramProcess worker = CoordinatorProcess.StartWorker(
            directory, await coordinator.AddressAsync(), "apart", "--transport", "grpc");
        await coordinator.CompletedAsync();

        List<Span> spans = Read();
        RequireEveryStep(spans, 1, computed);
        Assert.Contains(spans, span => span.Name.StartsWith("wait for weights", StringComparison.Ordinal));
    }

    // Readers of the format show what overlaps in part wrongly or not at all. Three workers have several nodes each to answer for.
    [Theory]
    [InlineData("--workers 3")]
    [InlineData("--workers 2 --audit 1")]
    public async Task Train_WorkersSendSeveralValuesAStep_SpansOfARowNestOrAreApart(string workers)
    {
        await CoordinatorProcess.CompleteAsync(directory, $"{Options} {workers} --trace {Path}");

        foreach (IGrouping<(int Process, int Row), Span> row in Read().GroupBy(span => (span.Process, span.Row)))
        {
            Stack<Span> open = new();
            foreach (Span span in row.OrderBy(span => span.BeginNs).ThenByDescending(span => span.EndNs))
            {
                while (open.TryPeek(out Span? before) && before.EndNs <= span.BeginNs)
                    open.Pop();
                Assert.True(open.Count == 0 || span.EndNs <= open.Peek().EndNs, $"{span} overlaps a part of {open.FirstOrDefault()}");
                open.Push(span);
            }
        }
    }

    // What a file held before is not lost to a trace, and what resume says next does not ask for it again.
    [Fact]
    public async Task Train_FileExists_IsRefusedAndKept()
    {
        File.WriteAllText(Path, "precious");
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, $"{Options} --trace {Path}");

        Assert.Equal(2, await coordinator.Program.ExitAsync());
        Assert.Equal($"--trace {Path} exists already; give the name of a new file, or move that one away.", coordinator.Program.Errors.Trim());
        Assert.Equal("precious", File.ReadAllText(Path));
        Assert.False(Directory.Exists(coordinator.RunDirectory));
    }

    // Every reader of the format takes a file without its last bracket.
    [Fact]
    public async Task Train_CoordinatorKilled_FileHoldsWholeEvents()
    {
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, $"--epochs 100000 --workers 1 --trace {Path}");
        await coordinator.ReachStepAsync(2000);
        coordinator.Program.Kill();
        await coordinator.Program.ExitAsync();

        string text = File.ReadAllText(Path);
        Assert.EndsWith("}}", text, StringComparison.Ordinal);
        using JsonDocument trace = JsonDocument.Parse(text + "]");
        Assert.NotEqual(0, trace.RootElement.GetArrayLength());
    }

    private string Path => System.IO.Path.Combine(directory.Path, "trace.json");

    /// <summary>A worker's spans follow each other, and each step has them all.</summary>
    private static void RequireEveryStep(List<Span> all, int worker, string[] names)
    {
        List<Span> spans = [.. all.Where(span => span.Process == worker && names.Contains(span.Name))];
        foreach (IGrouping<long, Span> step in spans.GroupBy(span => span.Step))
            Assert.Equal(names, step.Select(span => span.Name).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(0, Steps).Select(step => (long)step), spans.Select(span => span.Step).Distinct().Order());

        // Times are written with three digits behind the microsecond.
        foreach ((Span before, Span after) in spans.Zip(spans.Skip(1)))
            Assert.True(after.Begin >= before.Begin + before.Length - 0.01, $"{after} begins before {before} ends");
    }

    private static IEnumerable<int> StepsOf(List<Span> spans, string name) =>
        spans.Where(span => span.Process == 0 && span.Name == name).Select(span => (int)span.Step);

    private List<Span> Read()
    {
        using JsonDocument trace = JsonDocument.Parse(File.ReadAllText(Path));
        return
        [
            .. trace.RootElement.EnumerateArray().Where(entry => entry.GetProperty("ph").GetString() == "X").Select(entry => new Span(
                entry.GetProperty("pid").GetInt32(), entry.GetProperty("tid").GetInt32(), entry.GetProperty("name").GetString()!,
                entry.GetProperty("args").GetProperty("step").GetInt64(), entry.GetProperty("ts").GetDouble(),
                entry.GetProperty("dur").GetDouble())),
        ];
    }

    private sealed record Span(int Process, int Row, string Name, long Step, double Begin, double Length)
    {
        public long BeginNs => Nanoseconds(Begin);

        public long EndNs => Nanoseconds(Begin) + Nanoseconds(Length);

        /// <summary>What a number of microseconds with three digits behind the point says.</summary>
        private static long Nanoseconds(double microseconds) => (long)Math.Round(microseconds * 1000);
    }
}
