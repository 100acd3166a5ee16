using System.Reflection;
using System.Text.RegularExpressions;

namespace Backprop.Scheduling.Tests;

/// <summary>ARCHITECTURE.md says what stands, and dependencies point the way it says.</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Map_EveryRoomUnderSrc_IsNamed()
    {
        string map = Checkout.Read("ARCHITECTURE.md");
        foreach (string project in Directory.GetDirectories(Path.Combine(Checkout.Root, "src")))
        {
            IEnumerable<string> rooms = Directory.GetDirectories(project).Where(room => Directory.GetFiles(room, "*.cs").Length > 0);
            foreach (string room in rooms.Prepend(project))
                Assert.Contains($"`{Path.GetRelativePath(Checkout.Root, room).Replace('\\', '/')}`", map, StringComparison.Ordinal);
        }

        foreach (Match named in Regex.Matches(map, "`(src/[^`]+)`"))
            Assert.True(Path.Exists(Path.Combine(Checkout.Root, named.Groups[1].Value)), $"{named.Groups[1].Value} is on the map only");
    }

    [Theory]
    [InlineData("Core", "")]
    [InlineData("Protos", "Core")]
    [InlineData("CommandLine", "Core")]
    [InlineData("Scheduling", "Core")]
    [InlineData("Serving", "CommandLine,Core,Protos,Scheduling")]
    [InlineData("Worker", "CommandLine,Core,Protos,Scheduling,Serving")]
    [InlineData("Coordinator", "CommandLine,Core,Protos,Scheduling,Serving")]
    public void Project_References_OnlyWhatTheMapAllows(string project, string allowed)
    {
        string[] referenced = [.. Assembly.Load($"Backprop.{project}").GetReferencedAssemblies()
            .Select(name => name.Name!).Where(name => name.StartsWith("Backprop.", StringComparison.Ordinal)).Select(name => name[9..])];
        Assert.Subset(allowed.Split(',').ToHashSet(), referenced.ToHashSet());
    }

    [Fact]
    public void Core_References_NoNetworkAndNoConsole() => Assert.DoesNotContain(
        Assembly.Load("Backprop.Core").GetReferencedAssemblies().Select(name => name.Name!),
        name => name is "System.Console" || name.StartsWith("System.Net", StringComparison.Ordinal) || name.StartsWith("Grpc", StringComparison.Ordinal));

    [Fact]
    public void Scheduling_Sources_TouchNothingOutside()
    {
        var outside = new Regex(@"\b(Socket|Stopwatch|DateTime|TimeProvider|Thread|Task|async|await|File|Directory|Random|Console|Timer|lock|Grpc)\b");
        foreach (string file in Directory.GetFiles(Path.Combine(Checkout.Root, "src", "Scheduling"), "*.cs"))
        {
            string[] code = [.. File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))];
            Assert.DoesNotContain(code, line => outside.IsMatch(line));
        }
    }
}
