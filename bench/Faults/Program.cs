using System.CommandLine;
using Backprop.Bench;
using Backprop.Faults;

// A measurement is a file of its own, and a line here.
IMeasurement[] measurements =
    [new KilledWorkers(), new FrozenWorkers(), new RandomKills(), new CheckpointKills(), new CheckpointShare(), new Soak(),
    new DamagedInputs()];

var repeats = new Option<int?>("--repeats") { Description = "Faults; by default as many as the measurement's figures need." };
Option<string?> report = BenchOptions.Report("Also puts the section into this Markdown file, in place of the one from before.");
var root = new RootCommand("Does harm to running trainings, and measures what it takes them to go on.");
foreach (IMeasurement measurement in measurements)
    AddCommand(measurement.Name, measurement.Description, [measurement]);
AddCommand("all", "All of them, one after the other.", measurements);
return await root.Parse(args).InvokeAsync();

void AddCommand(string name, string description, IReadOnlyList<IMeasurement> chosen)
{
    var command = new Command(name, description) { repeats, report };
    command.SetAction(async (parsed, cancellation) =>
    {
        bool isGood = true;
        foreach (IMeasurement measurement in chosen)
            isGood &= await MeasureAsync(measurement, parsed.GetValue(repeats), parsed.GetValue(report), cancellation);
        return isGood ? 0 : 1;
    });
    root.Subcommands.Add(command);
}

async Task<bool> MeasureAsync(IMeasurement measurement, int? times, string? path, CancellationToken cancellation)
{
    try
    {
        var section = new ReportSection(measurement.Name, args);
        await measurement.MeasureAsync(Math.Max(1, times ?? measurement.Repeats), section, cancellation);
        Console.WriteLine(section.Text);
        if (path is not null)
            ReportFile.Put(path, section);
        return true;
    }
    catch (MeasurementException error)
    {
        Console.Error.WriteLine($"{measurement.Name}: {error.Message}");
        return false;
    }
}
