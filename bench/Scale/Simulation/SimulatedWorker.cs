using Backprop.Core.Sharding;

namespace Backprop.Scale.Simulation;

/// <summary>
/// A worker within a step: starts a layer's forward pass when its weights are there, and passes sums up as soon as they fill a
/// message.
/// </summary>
internal sealed class SimulatedWorker : IWeightsTaker
{
    private readonly FrameCut cut;
    private readonly FairShare processor;
    private readonly ValuesUp up;
    private readonly double[] stages;
    private readonly IReadOnlyList<ShardNode> nodes;
    private int weightFrames;
    private int stage;
    private bool isComputing;
    private int passedFrames;

    public SimulatedWorker(Cluster cluster, FrameCut cut, Place place, FairShare processor, ValuesUp up)
    {
        this.cut = cut;
        this.processor = processor;
        this.up = up;
        stages = cluster.Pace.Stages(cluster.ExamplesOf(place));
        nodes = cluster.NodesOf(place);
    }

    public void TakeWeights(int frame)
    {
        weightFrames = frame + 1;
        Compute();
    }

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

    private void PassUp()
    {
        long whole = cut.NumbersOfLast(Math.Max(0, stage - (stages.Length / 2)));
        for (; passedFrames < cut.Ends.Count && cut.Ends[passedFrames] <= whole; passedFrames++)
        {
            foreach (ShardNode node in nodes)
                up.Send(node, passedFrames);
        }
    }
}
