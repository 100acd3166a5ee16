using System.CommandLine;
using Backprop.Bench;
using Backprop.Core.Model;
using Backprop.Transport;

// The other side of a way, which this program starts as a process of its own.
if (args is [FarSides.Command, .. var far])
    return await FarSides.RunAsync(far);

ReportText.NoteLoad();
var networks = new Option<string[]>("--networks")
{
    Description = "Networks whose weights and gradients are carried; 1-1 is a message of two numbers.",
    DefaultValueFactory = _ => ["1-1", "784-30-10", "784-128-10", "784-512-256-10", "784-1024-1024-10"],
    AllowMultipleArgumentsPerToken = true,
};
var rounds = new Option<int>("--rounds") { Description = "Rounds in turn; every figure is their median.", DefaultValueFactory = _ => 9 };
var burst = new Option<double>("--burst") { Description = "Seconds of each way in a round.", DefaultValueFactory = _ => 0.3 };
Option<string?> report = BenchOptions.Report("Also writes the tables to this Markdown file.");
var root = new RootCommand("Carries a step's tensors between two processes in all the ways that there are, in turn, and compares them.")
{
    networks, rounds, burst, report,
};
root.SetAction(async (parsed, cancellation) =>
{
    int count = Math.Max(1, parsed.GetRequiredValue(rounds));
    TimeSpan length = TimeSpan.FromSeconds(Math.Clamp(parsed.GetRequiredValue(burst), 0.01, 10));
    try
    {
        var found = new List<(string, long, IReadOnlyList<Measured>)>();
        foreach (string network in parsed.GetRequiredValue(networks).SelectMany(text => text.Split(',')))
        {
            cancellation.ThrowIfCancellationRequested();
            var comparison = new Comparison(NetworkShape.Parse(network), count, length);
            found.Add((network, comparison.Bytes, await comparison.MeasureAsync()));
            Console.Error.WriteLine($"{network} is done");
        }

        string tables = Report.Of(found, count, args);
        Console.WriteLine(tables);
        if (parsed.GetValue(report) is { } path)
            File.WriteAllText(path, tables);
        return 0;
    }
    catch (Exception error) when (error is TransportException or ArgumentException or TimeoutException or IOException or OperationCanceledException)
    {
        Console.Error.WriteLine(error.Message);
        return 1;
    }
});
return await root.Parse(args).InvokeAsync();
