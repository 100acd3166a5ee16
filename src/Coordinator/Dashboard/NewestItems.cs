namespace Backprop.Coordinator.Dashboard;

/// <summary>Keeps the newest items and counts all.</summary>
/// <param name="kept">How many are kept.</param>
internal sealed class NewestItems<T>(int kept)
{
    private readonly Queue<T> items = new();

    /// <summary>How many there have been.</summary>
    public long Count { get; private set; }

    /// <summary>How many of the oldest are gone.</summary>
    public long Dropped => Count - items.Count;

    /// <summary>Those after the first <paramref name="known"/> of all, as far as they are kept.</summary>
    public IReadOnlyList<T> Since(long known) => [.. items.Skip((int)Math.Max(0, known - Dropped))];

    public void Add(T item)
    {
        items.Enqueue(item);
        Count++;
        if (items.Count > kept)
            items.Dequeue();
    }
}
