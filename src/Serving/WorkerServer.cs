using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;

namespace Backprop.Serving;

/// <summary>A server with an entrance for workers and nothing else.</summary>
internal sealed class WorkerServer : IAsyncDisposable
{
    private readonly WebApplication application;

    private WorkerServer(WebApplication application, EntranceAddress entrance)
    {
        this.application = application;
        IReadOnlyList<Uri> opened = WorkerEntrance.OpenedBy(application);
        Address = entrance.Reachable(opened[0]);
        LocalAddress = opened[^1];
    }

    /// <summary>Where workers join, by this machine's name when every address is open.</summary>
    public Uri Address { get; }

    /// <summary>Where this machine's own workers join: loopback, without TLS, where <see cref="Address"/> has it.</summary>
    public Uri LocalAddress { get; }

    /// <exception cref="IOException">The address cannot be opened.</exception>
    /// <exception cref="SocketException">The address cannot be opened.</exception>
    public static async Task<WorkerServer> StartAsync(EntranceAddress entrance, RunSession session, AccessLog log)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        WorkerEntrance.Prepare(builder, kestrel => WorkerEntrance.Listen(kestrel, entrance, log));
        WorkerEntrance.AddServices(builder.Services, session, log);
        WebApplication application = builder.Build();
        WorkerEntrance.Map(application, entrance.Token, log);
        try
        {
            await application.StartAsync();
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        return new WorkerServer(application, entrance);
    }

    public ValueTask DisposeAsync() => WorkerEntrance.CloseAsync(application);
}
