namespace Backprop.Scale.Simulation;

/// <summary>Takes a step's weights in, message by message.</summary>
internal interface IWeightsTaker
{
    void TakeWeights(int frame);
}

/// <summary>The weights' ways from one machine to those below it, which are told of their nodes one after the other.</summary>
internal sealed class WeightsOut(Agenda agenda, FrameCut cut, Cluster cluster)
{
    private readonly List<(Connection Way, IWeightsTaker Taker, bool IsWhole)> below = [];

    /// <param name="isWhole">It is told of nothing before all weights are there, as one that reads them in shared memory.</param>
    public void Add(Connection way, IWeightsTaker taker, bool isWhole = false) => below.Add((way, taker, isWhole));

    public void GiveAll()
    {
        for (int frame = 0; frame < cut.Ends.Count; frame++)
            Give(frame);
    }

    public void Give(int frame)
    {
        for (int i = 0; i < below.Count; i++)
        {
            (Connection way, IWeightsTaker taker, bool isWhole) = below[i];
            if (isWhole && frame < cut.Ends.Count - 1)
                continue;
            double bytes = cluster.HasWeights ? 0 : cut.BytesOf(frame);
            agenda.Plan(agenda.Now + (i * cluster.Costs.AssignmentSeconds), () => way.Send(bytes, () => taker.TakeWeights(frame)));
        }
    }
}
