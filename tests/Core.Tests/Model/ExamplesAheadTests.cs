using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;
using Backprop.Core.Model;
using Backprop.Core.Sharding;

namespace Backprop.Core.Tests.Model;

/// <summary>Steps whose examples were gathered as the step before ended, beside the same steps alone.</summary>
public sealed class ExamplesAheadTests
{
    private static readonly NetworkShape shape = new(19, 17, 9, 4);
    private static readonly NetworkModel model = NetworkModel.Create(shape, "sigmoid,tanh,softmax", "log-likelihood");
    private static readonly Parameters parameters = ParameterInitializers.Create("scaled-gaussian", shape, 2);
    private static readonly ExampleSet examples = RandomExamples.Create(3, 600, 19, 4);
    private static readonly ShardNode root = new(0, 4);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Train_NextExamplesGatheredAhead_SameBitsWhateverComesNext(int threads)
    {
        using var team = new ThreadTeam(threads);
        var computation = new NodeBackpropagation(model, 90, team, 1);
        int[] first = [.. Enumerable.Range(200, 70)];

        // Before the next step: nothing, an evaluation, a prediction.
        Action[] between = [() => { }, Evaluate, Predict];

        // As many, as many of which none is the same, fewer of the same, and more.
        int[][] aheads = [[.. Enumerable.Range(20, 70)], [.. Enumerable.Range(100, 70)], [.. Enumerable.Range(20, 69)], [.. Enumerable.Range(20, 90)]];
        foreach (int[] next in aheads)
        {
            GradientSum expected = Alone(examples, next);
            foreach (int[] ahead in aheads)
            {
                foreach (Action comesBetween in between)
                {
                    SumAssert.SameBits(Alone(examples, first), Train(computation, examples, first, ahead));
                    comesBetween();
                    SumAssert.SameBits(expected, Train(computation, examples, next, []));
                }
            }
        }

        void Evaluate() =>
            computation.Evaluate(examples, [new ShardNode(0, 8)], 8, parameters, IParameterGate.Open, new NodeTotals[1]);

        void Predict() =>
            computation.Predict(new ColumnBlock(new float[19 * 90], 0, 19, 90), parameters, new ColumnBlock(new float[4 * 90], 0, 4, 90));
    }

    /// <summary>Columns are gathered in portions of 32 to 256: with these counts the last one of each size is whole, or one column, or all but one.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 33)]
    [InlineData(1, 95)]
    [InlineData(1, 224)]
    [InlineData(1, 481)]
    [InlineData(1, 1003)]
    [InlineData(2, 193)]
    [InlineData(2, 1003)]
    public void Train_NextExamplesInPortions_EachGatheredOnce(int threads, int count)
    {
        using var team = new ThreadTeam(threads);
        var computation = new NodeBackpropagation(model, count, team, 1);
        ExampleSet many = RandomExamples.Create(5, 2 * count, 19, 4);
        int[] next = [.. Enumerable.Range(count, count)];

        Train(computation, many, [.. Enumerable.Range(0, count)], next);

        SumAssert.SameBits(Alone(many, next), Train(computation, many, next, []));
    }

    [Fact]
    public void Train_OtherExamplesGatheredAheadAtTheSamePositions_NotTaken()
    {
        using var team = new ThreadTeam(1);
        var computation = new NodeBackpropagation(model, 50, team);

        Train(computation, RandomExamples.Create(4, 600, 19, 4), [7, 8], [1, 2, 3]);

        SumAssert.SameBits(Alone(examples, [1, 2, 3]), Train(computation, examples, [1, 2, 3], []));
    }

    /// <summary>By one thread that has gathered nothing before.</summary>
    private static GradientSum Alone(ExampleSet set, int[] positions)
    {
        using var team = new ThreadTeam(1);
        return Train(new NodeBackpropagation(model, positions.Length, team), set, positions, []);
    }

    private static GradientSum Train(NodeBackpropagation computation, ExampleSet set, int[] positions, int[] next)
    {
        var collector = new NodeValueCollector(shape);
        computation.Train(set, positions, parameters, [root], root.Count, positions.Length, IParameterGate.Open, collector, next);
        return collector.Values[root];
    }
}
