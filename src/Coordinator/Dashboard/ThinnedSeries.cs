namespace Backprop.Coordinator.Dashboard;

/// <summary>Keeps every item, then every second, fourth, … one: a bounded number, as dense at the run's beginning as at its end.</summary>
/// <param name="kept">At most so many; at least half of them once it is full.</param>
internal sealed class ThinnedSeries<T>(int kept)
{
    private readonly List<T> items = [];
    private long seen;

    /// <summary>Of how many items one is kept; when it grows, items kept before are gone.</summary>
    public int Stride { get; private set; } = 1;

    public int Count => items.Count;

    public List<T> From(int index) => items[index..];

    public void Add(T item)
    {
        if (seen++ % Stride != 0)
            return;
        items.Add(item);
        if (items.Count < kept)
            return;
        for (int i = 0; 2 * i < items.Count; i++)
            items[i] = items[2 * i];
        items.RemoveRange((items.Count + 1) / 2, items.Count / 2);
        Stride *= 2;
    }
}
