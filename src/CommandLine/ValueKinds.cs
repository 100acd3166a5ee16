using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Backprop.CommandLine;

/// <summary>The kinds of values that settings take. Numbers are read in the invariant culture, without group separators.</summary>
public static class ValueKinds
{
    public static ValueKind<bool> Flag { get; } = new(
        "true or false",
        (string text, out bool value) =>
        {
            value = text.Equals("true", StringComparison.OrdinalIgnoreCase);
            return value || text.Equals("false", StringComparison.OrdinalIgnoreCase);
        });

    public static ValueKind<ulong> Seed { get; } = new(
        $"a whole number from 0 to {ulong.MaxValue}",
        (string text, out ulong value) =>
            ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value));

    /// <summary>A span of time: seconds, or a number with ms, s, m or h behind it.</summary>
    public static ValueKind<TimeSpan> Duration { get; } = new(
        "a time of more than 0 and at most 7 days, in seconds or with a unit, such as 300, 90s, 5m or 2h", TryReadDuration);

    public static ValueKind<ListenAddress> Address { get; } = new(
        "an IP address and a port, such as 127.0.0.1:5000 or [::1]:5000", ListenAddress.TryParse);

    public static ValueKind<ListenAddress?> AddressOrOff { get; } = new(
        "an IP address and a port, such as 127.0.0.1:5080, or off",
        (string text, out ListenAddress? value) =>
        {
            value = null;
            return text.Equals("off", StringComparison.OrdinalIgnoreCase) || ListenAddress.TryParse(text, out value);
        });

    public static ValueKind<Uri> CoordinatorUrl { get; } = new(
        "a URL with a host and a port, such as http://127.0.0.1:5000 or https://host:5000",
        (string text, [MaybeNullWhen(false)] out Uri url) =>
            Uri.TryCreate(text, UriKind.Absolute, out url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            && url.Host.Length > 0 && url.Host is not ("0.0.0.0" or "[::]") && url.Port > 0 && url.PathAndQuery == "/" && url.UserInfo.Length == 0
            && url.Fragment.Length == 0);

    public static ValueKind<int> WholeNumber(int least, int most = int.MaxValue) => new(
        most == int.MaxValue ? $"a whole number of at least {least} and at most {int.MaxValue}" : $"a whole number from {least} to {most}",
        (string text, out int value) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
            && value >= least && value <= most);

    /// <param name="takes">What fits, in words.</param>
    /// <param name="fits">Asked for finite numbers only.</param>
    public static ValueKind<double> Number(string takes, Func<double, bool> fits) => new(
        takes,
        (string text, out double value) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value) && fits(value));

    public static ValueKind<string> OneOf(IReadOnlyList<string> names) => new(
        ListedWithOr(names),
        (string text, [MaybeNullWhen(false)] out string value) =>
        {
            value = text;
            return names.Contains(text, StringComparer.Ordinal);
        });

    /// <summary>Any text but an empty one.</summary>
    public static ValueKind<string> Text(string takes) => new(
        takes,
        (string text, [MaybeNullWhen(false)] out string value) =>
        {
            value = text;
            return !string.IsNullOrWhiteSpace(text);
        });

    /// <summary>"a, b or c".</summary>
    public static string ListedWithOr(IReadOnlyList<string> names) => names.Count switch
    {
        0 => "nothing",
        1 => names[0],
        _ => $"{string.Join(", ", names.Take(names.Count - 1))} or {names[^1]}",
    };

    private static bool TryReadDuration(string text, out TimeSpan value)
    {
        value = default;
        (string number, double seconds) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 0.001),
            _ when text.EndsWith('s') => (text[..^1], 1),
            _ when text.EndsWith('m') => (text[..^1], 60),
            _ when text.EndsWith('h') => (text[..^1], 3600),
            _ => (text, 1.0),
        };
        bool read = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count);
        if (!read || !double.IsFinite(count) || count * seconds <= 0 || count * seconds > TimeSpan.FromDays(7).TotalSeconds)
            return false;
        value = TimeSpan.FromSeconds(count * seconds);
        return value > TimeSpan.Zero;
    }
}
