namespace Backprop.Scale.Simulation;

/// <summary>
/// A worker within a step: starts a layer's forward pass when its weights are there, and passes sums up as soon as they fill a
/// message. A relay hands weights on as they come, and adds the values from below as far as all have come.
/// </summary>
internal sealed class SimulatedWorker
{
    private readonly FrameCut cut;
    private readonly Costs costs;
    private readonly FairShare processor;
    private readonly Connection adding;
    private readonly double[] stages;
    private readonly List<SimulatedWorker> below = [];
    private readonly int values;
    private int weightFrames;
    private int stage;
    private bool isComputing;
    private int passedFrames;

    public SimulatedWorker(Agenda agenda, Cluster cluster, FrameCut cut, Place place, FairShare processor)
    {
        this.cut = cut;
        this.processor = processor;
        costs = cluster.Costs;
        stages = place.IsRelay ? [] : cluster.Pace.Stages(cluster.ExamplesOf(place));
        values = cluster.ValuesOf(place);
        adding = new Connection(agenda, new FairShare(agenda, 1, 1), 0);
    }

    /// <summary>From the coordinator, or a relay.</summary>
    public required Connection Down { get; init; }

    /// <summary>To the coordinator, or a relay.</summary>
    public required Connection Up { get; init; }

    /// <summary>Told of messages that have arrived there.</summary>
    public required Action Arrived { get; init; }

    /// <summary>Values of the whole model that it passes up.</summary>
    public int Values => values;

    /// <summary>Numbers of the model whose sums have arrived above, of every value.</summary>
    public long Passed { get; private set; }

    /// <summary>When the last weights came.</summary>
    public Action? WeightsCame { get; init; }

    public void Add(SimulatedWorker worker) => below.Add(worker);

    /// <summary>Sends it the weights of a step.</summary>
    public void Give()
    {
        for (int frame = 0; frame < cut.Ends.Count; frame++)
            Give(frame);
    }

    /// <summary>Passes up what is whole; called again when more is.</summary>
    public void PassUp()
    {
        bool isRelay = stages.Length == 0;
        long whole = isRelay ? cut.Numbers : cut.NumbersOfLast(Math.Max(0, stage - (stages.Length / 2)));
        foreach (SimulatedWorker child in below)
            whole = Math.Min(whole, child.Passed);
        while (passedFrames < cut.Ends.Count && cut.Ends[passedFrames] <= whole)
            PassUp(passedFrames++);
    }

    private void Give(int frame) => Down.Send(cut.BytesOf(frame), () =>
    {
        weightFrames = frame + 1;
        foreach (SimulatedWorker child in below)
            child.Give(frame);
        if (weightFrames == cut.Ends.Count)
            WeightsCame?.Invoke();
        Compute();
    });

    private void Compute()
    {
        bool isForward = stage < stages.Length / 2;
        if (isComputing || stage == stages.Length || weightFrames == 0
            || (isForward && cut.LayersWithin(cut.Ends[weightFrames - 1]) <= stage))
            return;
        isComputing = true;
        processor.Use(stages[stage], () =>
        {
            isComputing = false;
            stage++;
            PassUp();
            Compute();
        });
    }

    private void PassUp(int frame)
    {
        double numbers = cut.BytesOf(frame) / sizeof(float);
        int added = below.Sum(child => child.Values) - values;
        if (added > 0)
            adding.Send(numbers * added * costs.AddSecondsPerNumber, () => Send(frame));
        else
            Send(frame);
    }

    private void Send(int frame)
    {
        for (int value = 0; value < values; value++)
        {
            bool isLast = value == values - 1;
            Up.Send(cut.BytesOf(frame), () =>
            {
                if (!isLast)
                    return;
                Passed = cut.Ends[frame];
                Arrived();
            });
        }
    }
}
