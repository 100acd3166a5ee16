using System.CommandLine;
using Backprop.Faults;

// A measurement is a file of its own, and a line here.
IMeasurement[] measurements =
    [new KilledWorkers(), new FrozenWorkers(), new RandomKills(), new CheckpointKills(), new CheckpointShare(), new Soak()];

var repeats = new Option<int?>("--repeats") { Description = "Faults; by default as many as the measurement's figures need." };
var report = new Option<string?>("--report") { Description = "Also puts the section into this Markdown file, in place of the one from before." };
var root = new RootCommand("Does harm to running trainings, and measures what it takes them to go on.");
foreach (IMeasurement measurement in measurements)
{
    var command = new Command(measurement.Name, measurement.Description) { repeats, report };
    command.SetAction(async (parsed, cancellation) =>
    {
        try
        {
            int count = Math.Max(1, parsed.GetValue(repeats) ?? measurement.Repeats);
            var section = new ReportSection(measurement.Name, args);
            await measurement.MeasureAsync(count, section, cancellation);
            Console.WriteLine(section.Text);
            if (parsed.GetValue(report) is { } path)
                ReportFile.Put(path, section);
            return 0;
        }
        catch (MeasurementException error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    });
    root.Subcommands.Add(command);
}

return await root.Parse(args).InvokeAsync();
