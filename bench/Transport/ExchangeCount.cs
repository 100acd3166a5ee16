namespace Backprop.Transport;

/// <summary>Counts exchanges, and what the process allocates in them once its code is warm.</summary>
internal sealed class ExchangeCount
{
    /// <summary>Exchanges before anything is counted.</summary>
    public const int WarmUp = 20;

    private long count;
    private long before;

    /// <summary>Bytes an exchange.</summary>
    public double Allocated => count <= WarmUp ? 0 : (GC.GetTotalAllocatedBytes() - before) / (double)(count - WarmUp);

    /// <summary>An exchange is over.</summary>
    public void Add()
    {
        if (++count == WarmUp)
            before = GC.GetTotalAllocatedBytes();
    }
}
