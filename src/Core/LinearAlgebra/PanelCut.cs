namespace Backprop.Core.LinearAlgebra;

/// <summary>Cuts rows or columns among threads at the borders of a kernel's panels, so that only the last panel is a rest.</summary>
internal static class PanelCut
{
    /// <summary>Where a part begins and ends: whole panels, spread evenly, the earlier parts with more; the last panel may be smaller.</summary>
    public static (int First, int End) Of(int length, int panel, int part, int partCount) =>
        (Begin(length, panel, part, partCount), Begin(length, panel, part + 1, partCount));

    private static int Begin(int length, int panel, int part, int partCount)
    {
        long panels = (length + panel - 1) / panel;
        return (int)Math.Min(length, ((panels * part) + partCount - 1) / partCount * panel);
    }
}
