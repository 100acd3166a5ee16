using System.CommandLine;
using Backprop.Bench;
using Backprop.Peers;

var networks = new Option<string[]>("--networks")
{
    Description = "Networks and mini-batches, such as 784-30-10@64.",
    DefaultValueFactory = _ => ["784-30-10@10", "784-30-10@64", "784-128-10@256", "784-128-10@1024", "784-512-256-10@256", "784-512-256-10@1024", "784-1024-1024-10@1024"],
    AllowMultipleArgumentsPerToken = true,
};
var repeats = new Option<int>("--repeats") { Description = "Rounds; every figure is their median.", DefaultValueFactory = _ => 3 };
var epochs = new Option<int>("--epochs") { Description = "Least passes over Fashion-MNIST in each run.", DefaultValueFactory = _ => 4 };
var steps = new Option<int>("--steps") { Description = "Least steps in each run: of few, the first would be a large part.", DefaultValueFactory = _ => 600 };
var python = new Option<string>("--python") { Description = "The interpreter with PyTorch.", DefaultValueFactory = _ => "/usr/bin/python3" };
Option<string?> report = BenchOptions.Report("Also writes the tables to this Markdown file.");
var root = new RootCommand("Trains the same networks with Backprop and with PyTorch or NumPy, in turn, and compares examples a second.")
{
    networks, repeats, epochs, steps, python, report,
};
root.SetAction(parsed =>
{
    try
    {
        return new Sitting(
            [.. parsed.GetRequiredValue(networks).SelectMany(text => text.Split(',')).Select(Contest.Parse)],
            Math.Max(1, parsed.GetRequiredValue(repeats)),
            new RunLength(Math.Max(1, parsed.GetRequiredValue(epochs)), Math.Max(1, parsed.GetRequiredValue(steps))),
            parsed.GetRequiredValue(python)).Run(parsed.GetValue(report), args);
    }
    catch (PeerException error)
    {
        Console.Error.WriteLine(error.Message);
        return 1;
    }
});
return root.Parse(args).Invoke();
