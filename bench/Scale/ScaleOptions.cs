using System.CommandLine;
using Backprop.Bench;

namespace Backprop.Scale;

/// <summary>What is simulated, and what is checked.</summary>
internal sealed class ScaleOptions
{
    public Option<string[]> Networks { get; } = new("--networks")
    {
        Description = "Networks and mini-batches.",
        DefaultValueFactory = _ => ["784-128-10@1024", "784-512-256-10@4096", "784-1024-1024-10@16384"],
        AllowMultipleArgumentsPerToken = true,
    };

    public Option<double[]> Gigabits { get; } = new Option<double[]>("--gigabits")
    {
        Description = "Links' bandwidths, Gb/s each way.", DefaultValueFactory = _ => [1, 10, 25], AllowMultipleArgumentsPerToken = true,
    }.AtLeast(0, isExcluded: true);

    public Option<double[]> Latencies { get; } = new Option<double[]>("--latencies")
    {
        Description = "Links' latencies, milliseconds one way.", DefaultValueFactory = _ => [0.1, 1], AllowMultipleArgumentsPerToken = true,
    }.AtLeast(0, isExcluded: false);

    public Option<double?> Rate { get; } = new("--rate") { Description = "Examples a second of one worker; measured when it is not given." };

    public Option<int> FanOut { get; } = new("--fan-out")
    {
        Description = "How many below one exchange tensors with it over its link in the relay tree, at least 2.", DefaultValueFactory = _ => 4,
    };

    public Option<double> ConnectionRate { get; } = new("--connection-rate")
    {
        Description = "GB/s that a connection's thread carries through gRPC.", DefaultValueFactory = _ => 0.65,
    };

    public Option<double> MessageTime { get; } = new("--message-time")
    {
        Description = "Microseconds from a message's end on the link to its use.", DefaultValueFactory = _ => 80,
    };

    public Option<int> CarryingThreads { get; } = new("--carrying-threads")
    {
        Description = "Threads of a machine that carry bytes at once.", DefaultValueFactory = _ => 8,
    };

    public Option<string?> Report { get; } = BenchOptions.Report("Also writes the tables to this Markdown file, and a picture beside it.");

    public Option<bool> Check { get; } = new("--check")
    {
        Description = "Also trains with 1 to 4 real workers over shaped links, with and without relays, and compares. Needs root, iproute2 and a data set.",
    };

    public Option<string[]> CheckCases { get; } = new("--check-cases")
    {
        Description = "Networks, mini-batches, Mb/s and milliseconds of the check; a delay takes its part of this machine's cores.",
        DefaultValueFactory = _ => ["784-128-10@4096,100,10", "784-512-256-10@4096,200,0"],
        AllowMultipleArgumentsPerToken = true,
    };

    public Option<string> CheckDataset { get; } = new("--check-dataset")
    {
        Description = "What the check trains on.", DefaultValueFactory = _ => "fashion-mnist",
    };

    public RootCommand Command() => new("Simulates larger clusters than there are at hand, and checks the simulation with real runs.")
    {
        Networks, Gigabits, Latencies, Rate, FanOut, ConnectionRate, MessageTime, CarryingThreads, Report, Check, CheckCases, CheckDataset,
    };
}
