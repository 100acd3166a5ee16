using Microsoft.Extensions.Hosting.Systemd;

namespace Backprop.CommandLine;

/// <summary>Tells systemd, where it runs this program as a service of Type=notify, how the program stands; elsewhere nothing.</summary>
public static class ServiceNotifier
{
    /// <summary>Names the socket; a process that this one starts must not take it for its own.</summary>
    public const string SocketVariable = "NOTIFY_SOCKET";

    private static readonly SystemdNotifier systemd = new();

    /// <summary>Whether anybody listens.</summary>
    public static bool IsListenedTo => systemd.IsEnabled;

    /// <summary>The program serves: what waits for the service may start.</summary>
    public static void Ready() => systemd.Notify(ServiceState.Ready);

    public static void Stopping() => systemd.Notify(ServiceState.Stopping);

    /// <summary>One line for <c>systemctl status</c>.</summary>
    public static void Status(string line) => systemd.Notify(new ServiceState($"STATUS={line.ReplaceLineEndings(" ")}"));
}
