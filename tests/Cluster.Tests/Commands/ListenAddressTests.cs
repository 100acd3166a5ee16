using Backprop.CommandLine;

namespace Backprop.Cluster.Tests.Commands;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:5000", "127.0.0.1:5000", true)]
    [InlineData("localhost:0", "127.0.0.1:0", true)]
    [InlineData("5080", "127.0.0.1:5080", true)]
    [InlineData("[::1]:5000", "[::1]:5000", true)]
    [InlineData("127.8.9.1:5000", "127.8.9.1:5000", true)]
    [InlineData("[::ffff:127.0.0.1]:5000", "[::ffff:127.0.0.1]:5000", true)]
    [InlineData("0.0.0.0:5000", "0.0.0.0:5000", false)]
    [InlineData("[::]:5000", "[::]:5000", false)]
    [InlineData("10.0.0.7:65535", "10.0.0.7:65535", false)]
    public void TryParse_Address_KnowsWhoReachesIt(string text, string written, bool isLoopback)
    {
        Assert.True(ListenAddress.TryParse(text, out ListenAddress? address));
        Assert.Equal(written, address.ToString());
        Assert.Equal(isLoopback, address.IsLoopback);
    }

    [Theory]
    [InlineData("")]
    [InlineData(":5000")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.1:5000")]
    [InlineData("::1:5000")]
    [InlineData("host:5000")]
    [InlineData("http://127.0.0.1:5000")]
    public void TryParse_NoAddress_False(string text) => Assert.False(ListenAddress.TryParse(text, out _));

    [Theory]
    [InlineData("127.0.0.1:5000", "127.0.0.1:5000", true)]
    [InlineData("0.0.0.0:5000", "127.0.0.1:5000", true)]
    [InlineData("[::]:5000", "127.0.0.1:5000", true)]
    [InlineData("127.0.0.1:0", "127.0.0.1:0", false)]
    [InlineData("127.0.0.1:5000", "127.0.0.1:5001", false)]
    [InlineData("127.0.0.1:5000", "127.0.0.2:5000", false)]
    public void ClashesWith_TwoAddresses_WhenBothCannotBeOpen(string first, string second, bool expected)
    {
        Assert.True(ListenAddress.TryParse(first, out ListenAddress? a));
        Assert.True(ListenAddress.TryParse(second, out ListenAddress? b));
        Assert.Equal(expected, a.ClashesWith(b));
        Assert.Equal(expected, b.ClashesWith(a));
    }
}
