using Backprop.Core.Sharding;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Reports;

/// <summary>
/// Counts, from a run's ledger alone, how often each step was committed and each example was counted, and by whom.
/// </summary>
/// <param name="Steps">Steps that the ledger has.</param>
/// <param name="Examples">Examples of those steps.</param>
/// <param name="ExamplesOf">How many each worker computed.</param>
/// <param name="Faults">What is not as it must be: none, when every example of every step was counted once.</param>
public sealed record LedgerCheck(
    long Steps, long Examples, IReadOnlyDictionary<string, long> ExamplesOf, IReadOnlyList<string> Faults)
{
    private const int FaultsAtMost = 20;

    public static LedgerCheck Of(IReadOnlyList<LedgerEntry> entries, TrainingPlan plan, RunConfiguration configuration)
    {
        var counts = new Counts(plan, configuration);
        foreach (LedgerEntry entry in entries)
            counts.Add(entry);
        return counts.Finish();
    }

    private sealed class Counts(TrainingPlan plan, RunConfiguration configuration)
    {
        private readonly Dictionary<string, long> examplesOf = [];
        private readonly List<string> faults = [];
        private readonly StepExamples examplesOfStep = new(plan, configuration.Seed, configuration.Shuffle);
        private readonly int[] times = new int[plan.TrainingExamples];
        private int countedEpoch = -1;
        private long next;
        private long examples;

        public void Add(LedgerEntry entry)
        {
            if (entry.Step != next)
                Fault(entry.Step > next ? $"steps {next} to {entry.Step - 1} are missing" : $"step {entry.Step} comes again after step {next - 1}");
            next = entry.Step;
            for (long i = 0; i < entry.Steps && next < plan.StepCount; i++)
                Add(next++, entry);
        }

        public LedgerCheck Finish() => new(next, examples, examplesOf, faults);

        private void Add(long step, LedgerEntry entry)
        {
            int epoch = plan.EpochOf(step);
            if (epoch != countedEpoch)
            {
                countedEpoch = epoch;
                Array.Clear(times);
            }

            foreach ((ShardNode node, string worker) in entry.Nodes)
            {
                if (!node.IsNodeOf(plan.Shards))
                {
                    Fault($"step {step}: {node} is no node of {plan.Shards} shards");
                    continue;
                }

                ReadOnlySpan<int> computed = examplesOfStep.Of(epoch, step, [node]);
                foreach (int example in computed)
                    times[example]++;
                examples += computed.Length;
                examplesOf[worker] = examplesOf.GetValueOrDefault(worker) + computed.Length;
            }

            int wrong = 0;
            foreach (int example in examplesOfStep.Of(epoch, step, [new ShardNode(0, plan.Shards)]))
                wrong += times[example] == 1 ? 0 : 1;
            if (wrong > 0)
                Fault($"step {step}: {wrong} of {plan.BatchSizeOf(step)} examples are not counted once");
            if (plan.EndsEpoch(step) && !Array.TrueForAll(times, time => time == 1))
                Fault($"epoch {epoch}: {times.Count(time => time != 1)} of {times.Length} examples are not counted once");
        }

        private void Fault(string line)
        {
            if (faults.Count < FaultsAtMost)
                faults.Add(line);
        }
    }
}
