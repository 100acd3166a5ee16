using Backprop.CommandLine;

namespace Backprop.Cluster.Tests.Commands;

public sealed class ValueKindsTests
{
    [Theory]
    [InlineData("300", 300_000)]
    [InlineData("90s", 90_000)]
    [InlineData("5m", 300_000)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("250ms", 250)]
    public void Duration_NumberAndUnit_Milliseconds(string text, double milliseconds)
    {
        Assert.True(ValueKinds.Duration.TryRead(text, out TimeSpan value));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), value);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("m")]
    [InlineData("1d")]
    [InlineData("NaN")]
    [InlineData("1e9")]
    [InlineData("999h")]
    public void Duration_NoDuration_False(string text) => Assert.False(ValueKinds.Duration.TryRead(text, out _));

    [Theory]
    [InlineData("--epoch", "--epochs")]
    [InlineData("--learnrate", "--learning-rate")]
    [InlineData("--minibatch", "--mini-batch")]
    [InlineData("--Seed", "--seed")]
    [InlineData("--frobnicate", null)]
    public void Find_Mistyped_NearestName(string given, string? expected) =>
        Assert.Equal(expected, NearestName.Find(given, ["--epochs", "--learning-rate", "--mini-batch", "--seed", "--l2"]));
}
