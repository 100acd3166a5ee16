using Backprop.Cluster.Tests.Processes;
using Backprop.Protos;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>Holds a worker's answers back: at each of some training steps it waits until the test lets it go on.</summary>
internal sealed class StepGate(params ulong[] steps)
{
    private readonly Dictionary<ulong, (TaskCompletionSource Reached, TaskCompletionSource Opened)> held =
        steps.ToDictionary(step => step, _ => (NewSource(), NewSource()));

    /// <summary>Called by the worker before it answers.</summary>
    public Task PassAsync(Assignment assignment)
    {
        if (assignment.Kind != WorkKind.Training || !held.TryGetValue(assignment.Step, out var step))
            return Task.CompletedTask;
        step.Reached.TrySetResult();
        return step.Opened.Task.WaitAsync(ProgramProcess.Deadline);
    }

    /// <summary>Waits until the worker has been given nodes of the step, and so has every other that takes part in it.</summary>
    public Task ReachedAsync(ulong step) => held[step].Reached.Task.WaitAsync(ProgramProcess.Deadline);

    /// <summary>Lets the worker answer.</summary>
    public void Open(ulong step) => held[step].Opened.TrySetResult();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
