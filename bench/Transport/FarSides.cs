using System.Globalization;
using Backprop.Core.Model;

namespace Backprop.Transport;

/// <summary>What the process on the worker's side does, by the name of its way.</summary>
internal static class FarSides
{
    public const string Command = "far";
    public const string Plain = "plain", Ours = "ours", Shared = "shared", Tcp = "tcp", Unix = "unix";

    /// <param name="arguments">The way, the address and the network.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        (string way, string address, NetworkShape shape) = (arguments[0], arguments[1], NetworkShape.Parse(arguments[2]));
        var count = new ExchangeCount();
        Task answering = way switch
        {
            Plain => PlainProtobufFar.AnswerAsync(address, shape, count),
            Ours => OurFar.AnswerAsync(new Uri(address), shape, sharesMemory: false, count),
            Shared => OurFar.AnswerAsync(new Uri(address), shape, sharesMemory: true, count),
            Tcp or Unix => Task.Run(() => SocketFar.Answer(SocketWay.EndPointOf(address), shape, count)),
            _ => throw new ArgumentException($"no way is called {way}"),
        };
        await answering;
        Console.WriteLine(count.Allocated.ToString(CultureInfo.InvariantCulture));
        return 0;
    }
}
