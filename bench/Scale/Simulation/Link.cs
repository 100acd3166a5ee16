namespace Backprop.Scale.Simulation;

/// <summary>A machine's link to the network, the same each way.</summary>
/// <param name="BitsPerSecond">What its name says, such as 1e9.</param>
/// <param name="Latency">Seconds from one machine to another.</param>
/// <param name="PayloadShare">Of the bits, those that are a message's own.</param>
internal sealed record Link(double BitsPerSecond, double Latency, double PayloadShare = Link.EthernetPayloadShare)
{
    /// <summary>TCP's 1,448 bytes in a frame of 1,538 with its preamble and gap.</summary>
    public const double EthernetPayloadShare = 1448.0 / 1538;

    /// <summary>As Linux's traffic control counts: without preamble, gap and checksum.</summary>
    public const double ShapedPayloadShare = 1448.0 / 1514;

    /// <summary>Of messages.</summary>
    public double BytesPerSecond => BitsPerSecond / 8 * PayloadShare;

    public override string ToString() => FormattableString.Invariant($"{BitsPerSecond / 1e9:0.###} Gb/s, {Latency * 1e3:0.###} ms");
}
