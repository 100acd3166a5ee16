using Backprop.Serving;

namespace Backprop.Coordinator.LocalWorkers;

/// <summary>The worker processes that the coordinator runs on its own machine.</summary>
internal sealed class LocalWorkerGroup(
    int count, LocalWorkerProgram program, EventQueue events, TimeProvider time) : IAsyncDisposable
{
    private readonly LocalWorker[] workers =
        [.. Names(count).Select(name => new LocalWorker(name, program, events, time))];

    /// <summary>The names of a number of local workers: w1, w2, …</summary>
    public static IReadOnlyList<string> Names(int count) => [.. Enumerable.Range(1, count).Select(number => $"w{number}")];

    public void Start()
    {
        foreach (LocalWorker worker in workers)
            worker.Start();
    }

    public void Answered(string name)
    {
        foreach (LocalWorker worker in workers)
        {
            if (worker.Name == name)
                worker.Answered();
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(workers.Select(worker => worker.DisposeAsync().AsTask()));
}
