using System.Buffers.Binary;
using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;
using Backprop.Protos;
using Google.Protobuf;
using WeightsMessage = Backprop.Protos.Weights;

namespace Backprop.Cluster.Tests.Protocol;

/// <summary>The arithmetic of a <see cref="PlainWorker"/>: from training.proto's description to messages.</summary>
internal sealed class PlainComputation : IDisposable
{
    private readonly Welcome run;
    private readonly Dataset dataset = Datasets.Open(new Core.Data.DatasetRequest(Datasets.Digits));
    private readonly ThreadTeam team = new(1);
    private readonly Parameters parameters;
    private readonly NodeBackpropagation backpropagation;

    public PlainComputation(Welcome run)
    {
        this.run = run;
        Assert.Equal(dataset.Sha256, run.DatasetSha256);
        NetworkModel model = NetworkModel.Create(NetworkShape.Parse(run.Layers), run.Activations, run.Cost);
        parameters = new Parameters(model.Shape);
        backpropagation = new NodeBackpropagation(model, (int)run.MiniBatch, team);
    }

    public void Dispose() => team.Dispose();

    /// <summary>Takes in the weights that follow an assignment.</summary>
    public async Task TakeWeightsAsync(Assignment assignment, Func<Task<CoordinatorMessage?>> receive)
    {
        Assert.Equal(run.RunId, assignment.RunId);
        if (!assignment.WeightsFollow)
            return;
        long missing = parameters.Shape.ParameterCount;
        while (missing > 0)
        {
            WeightsMessage weights = (await receive())!.Weights;
            Assert.Equal((run.RunId, assignment.Step), (weights.Header.RunId, weights.Header.Step));
            foreach (TensorSegment segment in weights.Segments)
                missing -= Put(segment, parameters.Layers[(int)segment.Layer]);
        }

        Assert.Equal(0, missing);
    }

    /// <summary>The values of an assignment's nodes.</summary>
    public IReadOnlyList<WorkerMessage> Answer(Assignment assignment, int numbersAtMost = int.MaxValue)
    {
        ShardNode[] nodes = [.. assignment.Nodes.Select(node => new ShardNode((int)node.First, (int)node.Count))];
        return assignment.Kind == WorkKind.Training
            ? [.. Train(assignment, nodes, numbersAtMost)]
            : [.. Evaluate(assignment, nodes)];
    }

    private IEnumerable<WorkerMessage> Train(Assignment assignment, ShardNode[] nodes, int numbersAtMost)
    {
        int stepsPerEpoch = (int)((run.TrainingExamples + run.MiniBatch - 1) / run.MiniBatch);
        int start = (int)(assignment.Step % (ulong)stepsPerEpoch) * (int)run.MiniBatch;
        int batchSize = Math.Min((int)run.MiniBatch, (int)run.TrainingExamples - start);
        int[] order = EpochOrder.Create(run.Seed, (int)assignment.Epoch, (int)run.TrainingExamples, run.Shuffle);
        List<int> examples = [];
        foreach (ShardNode node in nodes)
        {
            (int from, int to) = ShardCut.Range(node, (int)run.Shards, batchSize);
            examples.AddRange(order[(start + from)..(start + to)]);
        }

        var values = new NodeValueCollector(parameters.Shape);
        backpropagation.Train(
            dataset.Training, examples.ToArray(), parameters, nodes, (int)run.Shards, batchSize, IParameterGate.Open, values);
        return nodes.SelectMany(node => Messages(assignment, node, values.Values[node], numbersAtMost));
    }

    private IEnumerable<WorkerMessage> Evaluate(Assignment assignment, ShardNode[] nodes)
    {
        var totals = new NodeTotals[nodes.Length];
        backpropagation.Evaluate(
            dataset.Test, nodes, (int)run.EvaluationShards, parameters, IParameterGate.Open, totals);
        return nodes.Select((node, i) => new WorkerMessage
        {
            EvaluationValue = new EvaluationValue
            {
                RunId = run.RunId,
                Step = assignment.Step,
                Node = new Node { First = (uint)node.First, Count = (uint)node.Count },
                Totals = Of(totals[i]),
            },
        });
    }

    /// <summary>A node's value in messages of one segment each, the last layer first.</summary>
    private IEnumerable<WorkerMessage> Messages(
        Assignment assignment, ShardNode node, GradientSum sum, int numbersAtMost)
    {
        for (int layer = sum.Layers.Count - 1; layer >= 0; layer--)
        {
            float[] numbers = sum.Layers[layer].Numbers.ToArray();
            int end;
            for (int offset = 0; offset < numbers.Length; offset = end)
            {
                end = offset + Math.Min(numbersAtMost, numbers.Length - offset);
                var value = new NodeValue
                {
                    Header = new NodeHeader
                    {
                        RunId = run.RunId,
                        Epoch = assignment.Epoch,
                        Step = assignment.Step,
                        Node = new Node { First = (uint)node.First, Count = (uint)node.Count },
                        Totals = layer == 0 && end == numbers.Length ? Of(sum.Totals) : null,
                    },
                };
                value.Segments.Add(new TensorSegment
                {
                    Layer = (uint)layer,
                    Offset = (uint)offset,
                    Values = Bytes(numbers.AsSpan(offset, end - offset)),
                });
                yield return new WorkerMessage { NodeValue = value };
            }
        }
    }

    private static int Put(TensorSegment segment, LayerParameters layer)
    {
        ReadOnlySpan<byte> bytes = segment.Values.Span;
        int count = bytes.Length / sizeof(float);
        for (int i = 0; i < count; i++)
            layer.Numbers.Span[(int)segment.Offset + i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);

        return count;
    }

    public static ByteString Bytes(ReadOnlySpan<float> numbers)
    {
        byte[] bytes = new byte[numbers.Length * sizeof(float)];
        for (int i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), numbers[i]);
        return ByteString.CopyFrom(bytes);
    }

    private static Totals Of(NodeTotals totals) => new()
    {
        ExampleCount = (uint)totals.ExampleCount,
        CorrectCount = (uint)totals.CorrectCount,
        Cost = totals.Cost,
    };
}
