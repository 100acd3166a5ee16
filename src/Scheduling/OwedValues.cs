namespace Backprop.Scheduling;

/// <summary>
/// Counts, for each training step, the values that are still to come from workers that were too late, and those that are
/// being looked into: as long as there are any, what they are compared with is remembered.
/// </summary>
internal sealed class OwedValues
{
    private readonly Dictionary<long, int> owed = [];

    public void Add(Work work)
    {
        if (work.Kind == WorkKind.Training)
            owed[work.Step] = owed.GetValueOrDefault(work.Step) + 1;
    }

    /// <returns>Whether that was the step's last.</returns>
    public bool Remove(Work work)
    {
        if (work.Kind != WorkKind.Training || !owed.TryGetValue(work.Step, out int count))
            return false;
        if (count > 1)
        {
            owed[work.Step] = count - 1;
            return false;
        }

        owed.Remove(work.Step);
        return true;
    }
}
