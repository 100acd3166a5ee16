namespace Backprop.Scheduling.Tests.Simulation;

/// <summary>What a node's value is: 0 stands for what an honest worker computes, whoever it is.</summary>
internal readonly record struct Bits(ulong Value, bool IsFinite = true)
{
    public static Bits Right => default(Bits) with { IsFinite = true };

    public bool IsRight => this == Right;
}
