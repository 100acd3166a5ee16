using Backprop.Coordinator.Progress;

namespace Backprop.Coordinator.Terminal;

public static class ConsoleReporter
{
    public static IRunReporter Create(bool json) => new PlainReporter(json ? Console.Error : Console.Out, json ? Console.Out : null);
}
