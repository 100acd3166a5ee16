namespace Backprop.Core.Tests;

public sealed class QuotedTextTests
{
    [Theory]
    [InlineData("", "''")]
    [InlineData("größe 1", "'größe 1'")]
    [InlineData("a\nb\r\tc\u0000", "'a\\u000ab\\u000d\\u0009c\\u0000'")]
    [InlineData("\u001b[31mred\u2028", "'\\u001b[31mred\\u2028'")]
    public void Of_AnyText_IsQuotedOnOneLine(string text, string expected) => Assert.Equal(expected, QuotedText.Of(text));

    [Fact]
    public void Of_LongText_EndsAfterSixtyCharacters()
    {
        Assert.Equal($"'{new string('x', 60)}'", QuotedText.Of(new string('x', 60)));
        Assert.Equal($"'{new string('x', 60)}…'", QuotedText.Of(new string('x', 61)));
    }
}
