using System.Diagnostics;
using System.Globalization;

namespace Backprop.Transport;

/// <summary>The worker's side of a way, as a process of its own. It ends when its connection does, and says what it allocated.</summary>
internal sealed class FarProcess : IAsyncDisposable
{
    /// <summary>Nothing here takes so long unless something is wrong.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly Process process;
    private readonly Task<string> output;

    private FarProcess(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
    }

    /// <param name="way">Which of <see cref="FarSides"/>.</param>
    /// <param name="asLocalWorker">In the surroundings that a coordinator gives to the workers that it starts.</param>
    public static FarProcess Start(string way, string address, string layers, bool asLocalWorker = false)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(FarProcess).Assembly.Location, FarSides.Command, way, address, layers])
        {
            RedirectStandardOutput = true,
        };
        if (asLocalWorker)
            start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        return new FarProcess(Process.Start(start) ?? throw new TransportException("dotnet cannot be started."));
    }

    /// <summary>Waits for its end, which its connection's end brings.</summary>
    /// <returns>Bytes that it allocated an exchange.</returns>
    public async Task<double> EndAsync()
    {
        using var limit = new CancellationTokenSource(Deadline);
        await process.WaitForExitAsync(limit.Token);
        string said = (await output).Trim();
        return process.ExitCode == 0 && double.TryParse(said, CultureInfo.InvariantCulture, out double allocated)
            ? allocated
            : throw new TransportException($"The other side ended with {process.ExitCode}: {said}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
