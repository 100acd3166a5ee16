using System.Globalization;
using Backprop.Scale.Simulation;

namespace Backprop.Scale.Check;

/// <summary>What is trained over which link.</summary>
internal sealed record CheckCase(Contest Contest, double Megabits, double Milliseconds)
{
    /// <summary>Reads such as 784-128-10@4096,100,10.</summary>
    /// <exception cref="ScaleException">Not such a text.</exception>
    public static CheckCase Parse(string text) => text.Split(',') is [var contest, var megabits, var milliseconds]
        && double.TryParse(megabits, CultureInfo.InvariantCulture, out double rate) && rate > 0
        && double.TryParse(milliseconds, CultureInfo.InvariantCulture, out double latency) && latency >= 0
            ? new CheckCase(Contest.Parse(contest), rate, latency)
            : throw new ScaleException($"{text} does not fit; it takes a network, a mini-batch, Mb/s and ms, such as 784-128-10@4096,100,10.");

    public Link Link => new(Megabits * 1e6, Milliseconds / 1e3, Simulation.Link.ShapedPayloadShare);
}
