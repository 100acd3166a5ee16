using Backprop.Core.Sharding;
using Backprop.Core.Training;
using Backprop.Protos;

namespace Backprop.Worker;

/// <summary>What messages say, in the words of the mathematics.</summary>
internal static class RunMessages
{
    /// <summary>The run's steps; a worker does not know how many epochs there are.</summary>
    public static TrainingPlan Plan(this Welcome run) => new(
        (int)run.TrainingExamples, (int)run.MiniBatch, Epochs: 1, (int)run.Shards, (int)run.TestExamples, CheckpointEvery: 0);

    public static ShardNode[] ShardNodes(this Assignment assignment) =>
        [.. assignment.Nodes.Select(node => new ShardNode((int)node.First, (int)node.Count))];
}
