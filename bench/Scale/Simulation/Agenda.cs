namespace Backprop.Scale.Simulation;

/// <summary>What happens when: simulated time, in seconds. What is due at one moment happens in the order in which it was planned.</summary>
internal sealed class Agenda
{
    private readonly PriorityQueue<Action, (double Time, long Number)> planned = new();
    private long number;

    /// <summary>The simulated moment.</summary>
    public double Now { get; private set; }

    public void Plan(double time, Action happening) => planned.Enqueue(happening, (Math.Max(time, Now), number++));

    /// <summary>Goes on until nothing is planned any more.</summary>
    public void Run()
    {
        while (planned.TryDequeue(out Action? happening, out (double Time, long Number) due))
        {
            Now = due.Time;
            happening();
        }
    }
}
