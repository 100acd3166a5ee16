using Backprop.Core.Model;
using Backprop.Scale.Simulation;

namespace Backprop.Bench.Tests;

public sealed class FrameCutTests
{
    /// <summary>784-128-10 has 785 · 128 + 129 · 10 = 101,770 numbers: 65,536 in the first message, the rest in the second.</summary>
    [Fact]
    public void Ends_SmallModel_FullMessageAndTheRest()
    {
        var cut = new FrameCut(NetworkShape.Parse("784-128-10"));
        Assert.Equal([65_536L, 101_770L], cut.Ends);
        Assert.Equal(4.0 * (101_770 - 65_536), cut.BytesOf(1));
        Assert.Equal(1_290, cut.NumbersOfLast(1));
    }

    /// <summary>The first layer's 100,480 numbers end in the second message.</summary>
    [Fact]
    public void LayersWithin_FirstMessageOnly_NoLayerIsWhole()
    {
        var cut = new FrameCut(NetworkShape.Parse("784-128-10"));
        Assert.Equal(0, cut.LayersWithin(cut.Ends[0]));
        Assert.Equal(2, cut.LayersWithin(cut.Ends[1]));
    }
}
