using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;
using Backprop.Cluster.Tests.Protocol;
using Backprop.Protos;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>
/// A run of one epoch in which a worker of the test takes part. It holds the run at steps of the test's choice, so that
/// another worker comes in, and comes to harm, exactly there however slow the machine is.
/// </summary>
internal sealed class HeldRun : IAsyncDisposable
{
    /// <summary>The step during which another worker joins.</summary>
    public const ulong JoinStep = 20;

    /// <summary>The last step that the other worker answers before it is frozen.</summary>
    public const ulong LastStep = 50;

    /// <summary>Two workers share a mini-batch's 10 examples.</summary>
    private const ulong ExamplesOfOne = 5;

    private readonly StepGate gate;
    private readonly PlainWorker steady;
    private readonly Task<RunEnded> training;

    private HeldRun(CoordinatorProcess coordinator, string address, PlainWorker steady, ulong[] steps)
    {
        Coordinator = coordinator;
        Address = address;
        this.steady = steady;
        gate = new StepGate(steps);
        training = steady.TrainAsync(beforeAnswer: gate.PassAsync);
    }

    public CoordinatorProcess Coordinator { get; }

    /// <summary>Where workers join.</summary>
    public string Address { get; }

    /// <param name="steps">Where it is held, beside <see cref="JoinStep"/> and <see cref="LastStep"/>.</param>
    public static async Task<HeldRun> StartAsync(TemporaryDirectory directory, params ulong[] steps)
    {
        CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, "--epochs 1 --workers 0 --straggler-timeout off");
        string address = (await coordinator.AddressAsync()).TrimEnd('/');
        return new HeldRun(coordinator, address, await PlainWorker.JoinAsync(address, "steady"), [JoinStep, LastStep, .. steps]);
    }

    public Task ReachedAsync(ulong step) => gate.ReachedAsync(step);

    public void Open(ulong step) => gate.Open(step);

    /// <summary>Lets a worker that has been started come in and take part, and holds the run once it has answered the last step.</summary>
    /// <param name="examplesEach">Its part of a mini-batch.</param>
    public async Task TakeInAsync(string name, ulong examplesEach = ExamplesOfOne)
    {
        await gate.ReachedAsync(JoinStep);
        await Coordinator.Program.LineAsync($"^worker {name} joined at step {JoinStep}$");
        gate.Open(JoinStep);
        await gate.ReachedAsync(LastStep);
        await ComputedAsync(name, (LastStep - JoinStep) * examplesEach);
    }

    /// <summary>Waits until a worker has computed so many examples; it may not be in the first status yet.</summary>
    public Task ComputedAsync(string name, ulong examples) => Coordinator.UntilAsync(status =>
        status.Workers.Any(worker => worker.Name == name && worker.Examples == examples));

    /// <summary>The run's good end, with the weights of any run of one epoch.</summary>
    public async Task<RunVerdict> CompletedAsync()
    {
        Assert.Equal("completed", (await training).Status);
        RunVerdict verdict = await Coordinator.CompletedAsync();
        Assert.Equal(await Reference.OneEpochAsync(), verdict.WeightsSha256);
        Assert.Equal((150, 1500), (verdict.Steps, verdict.Examples));
        return verdict;
    }

    public async ValueTask DisposeAsync()
    {
        await steady.DisposeAsync();
        await Coordinator.DisposeAsync();
    }
}
