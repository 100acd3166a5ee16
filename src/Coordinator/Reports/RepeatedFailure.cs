namespace Backprop.Coordinator.Reports;

/// <summary>
/// Decides when to tell of a file that fails again and again: the first time, then after twice as many as before, so that
/// a full disk does not fill the terminal.
/// </summary>
internal sealed class RepeatedFailure
{
    private int inARow;

    /// <param name="line">What would be told of it by itself.</param>
    /// <returns>What to tell; null: nothing this time.</returns>
    public string? Failed(string line)
    {
        inARow++;
        if (!int.IsPow2(inARow))
            return null;
        return inARow == 1 ? line : $"{line} ({inARow} times in a row)";
    }

    /// <returns>How often it failed before.</returns>
    public int Succeeded() => Interlocked.Exchange(ref inARow, 0);
}
