namespace Backprop.Scale.Simulation;

/// <summary>Takes a step's weights in, message by message.</summary>
internal interface IWeightsTaker
{
    void TakeWeights(int frame);
}

/// <summary>The weights' ways from one machine to those below it, which are told of their nodes one after the other.</summary>
internal sealed class WeightsOut(Agenda agenda, FrameCut cut, Cluster cluster)
{
    private readonly List<(Connection Way, IWeightsTaker Taker)> below = [];

    public void Add(Connection way, IWeightsTaker taker) => below.Add((way, taker));

    public void GiveAll()
    {
        for (int frame = 0; frame < cut.Ends.Count; frame++)
            Give(frame);
    }

    public void Give(int frame)
    {
        for (int i = 0; i < below.Count; i++)
        {
            (Connection way, IWeightsTaker taker) = below[i];
            double bytes = cluster.HasWeights ? 0 : cut.BytesOf(frame);
            agenda.Plan(agenda.Now + (i * cluster.Costs.AssignmentSeconds), () => way.Send(bytes, () => taker.TakeWeights(frame)));
        }
    }
}
