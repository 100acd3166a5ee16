using Backprop.Coordinator.Progress;
using Spectre.Console;

namespace Backprop.Coordinator.Terminal;

/// <summary>Chooses how a run is shown: live on a terminal, in plain lines everywhere else.</summary>
internal static class ConsoleReporter
{
    /// <param name="json">The summary goes to standard output, everything else to standard error.</param>
    public static IRunReporter Create(bool json)
    {
        if (json)
            return new PlainReporter(Console.Error, Console.Out);
        IAnsiConsole console = AnsiConsole.Console;
        bool canRedraw = !Console.IsOutputRedirected && console.Profile.Capabilities is { Ansi: true, Interactive: true };
        return canRedraw ? new LiveReporter(console, TimeProvider.System) : new PlainReporter(Console.Out, null);
    }
}
