using System.Text.RegularExpressions;

namespace Backprop.Scheduling.Tests;

/// <summary>docs/reliability.md names tests that exist, for every fault, and every bug that is planted.</summary>
public sealed class ReliabilityPageTests
{
    private const int Faults = 49;

    private static readonly string page = Checkout.Read("docs", "reliability.md");

    [Fact]
    public void Page_EveryTestItNames_Exists()
    {
        string[] sources = [.. Directory.GetFiles(Path.Combine(Checkout.Root, "tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText)];
        MatchCollection named = Regex.Matches(page, @"`(\w+Tests)\.(\w+)`");
        Assert.NotEmpty(named);
        Assert.All(named, test => Assert.True(
            sources.Any(source => Regex.IsMatch(source, $@"\bclass {test.Groups[1].Value}\b")
                && Regex.IsMatch(source, $@"\bpublic .*\b{test.Groups[2].Value}\(")),
            $"{test.Value} is on the page only"));
    }

    [Fact]
    public void Page_Faults_EachHasItsRowAndATest()
    {
        MatchCollection rows = Regex.Matches(page, @"^\| (\d+) \|.*\|.*\| `\w+Tests\.\w+`.*\|$", RegexOptions.Multiline);
        Assert.Equal(
            Enumerable.Range(1, Faults),
            rows.Select(row => int.Parse(row.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Page_PlantedBugs_AreThoseOfTheDirectory()
    {
        string[] bugs = Directory.GetFiles(Path.Combine(Checkout.Root, "bench", "planted-bugs"), "*.patch");
        Assert.Equal(
            bugs.Select(bug => Path.GetFileNameWithoutExtension(bug)).Order(StringComparer.Ordinal),
            Regex.Matches(page, @"^\| `(\d+-[\w-]+)` \|", RegexOptions.Multiline).Select(row => row.Groups[1].Value));
    }
}
