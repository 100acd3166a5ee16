using System.CommandLine;
using Backprop.Bench;
using Backprop.Scale;
using Backprop.Scale.Check;
using Backprop.Scale.Measuring;
using Backprop.Scale.Reports;
using Backprop.Scale.Simulation;

// The delay between a worker of the check and its coordinator, which this program starts as a process of its own.
if (args is [DelayLine.Command, var target, var milliseconds])
    return await DelayLine.RunAsync(target, milliseconds);

ReportText.NoteLoad();
var options = new ScaleOptions();
RootCommand root = options.Command();
root.SetAction(async (parsed, cancellation) =>
{
    try
    {
        return await RunAsync(parsed, cancellation);
    }
    catch (Exception error) when (error is ScaleException or ArgumentException or IOException or TimeoutException)
    {
        Console.Error.WriteLine(error.Message);
        return 1;
    }
    catch (OperationCanceledException)
    {
        Console.Error.WriteLine("Stopped, or a run of the check took longer than five minutes.");
        return 1;
    }
});
return await root.Parse(args).InvokeAsync();

async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
{
    var assumed = new Costs
    {
        MessageSeconds = parsed.GetRequiredValue(options.MessageTime) / 1e6,
        ConnectionBytesPerSecond = parsed.GetRequiredValue(options.ConnectionRate) * 1e9,
        CarryingThreads = parsed.GetRequiredValue(options.CarryingThreads),
    };
    Contest[] contests = [.. parsed.GetRequiredValue(options.Networks).Select(Contest.Parse)];
    List<(Contest Contest, WorkerPace Pace, Costs Costs)> measured = [];
    foreach (Contest contest in contests)
    {
        Console.Error.WriteLine($"measures {contest}");
        WorkerPace pace = parsed.GetValue(options.Rate) is { } rate ? WorkerPace.At(contest.Shape, rate) : MeasuredPace.Of(contest);
        measured.Add((contest, pace, MeasuredCosts.Of(contest.Shape, assumed)));
    }

    List<Curves> curves = [];
    foreach ((Contest contest, WorkerPace pace, Costs costs) in measured)
    {
        Console.Error.WriteLine($"simulates {contest}");
        foreach (double gigabits in parsed.GetRequiredValue(options.Gigabits))
        {
            foreach (double latency in parsed.GetRequiredValue(options.Latencies))
            {
                cancellation.ThrowIfCancellationRequested();
                curves.Add(Curves.Of(contest, new Link(gigabits * 1e9, latency / 1e3), pace, costs, parsed.GetRequiredValue(options.FanOut)));
            }
        }
    }

    string? path = parsed.GetValue(options.Report);
    string? picture = path is null ? null : Path.ChangeExtension(path, ".svg");
    if (picture is not null)
    {
        double latency = curves[0].Link.Latency;
        File.WriteAllText(picture, ScaleChart.Svg([.. curves.Where(those => those.Link.Latency == latency).SelectMany(those => new[] { those.Star, those.Tree })]));
    }

    CheckResult? check = null;
    if (parsed.GetValue(options.Check))
    {
        CheckCase[] cases = [.. parsed.GetRequiredValue(options.CheckCases).Select(CheckCase.Parse)];
        check = await LinkCheck.RunAsync(cases, parsed.GetRequiredValue(options.CheckDataset), assumed, Console.Error.WriteLine, cancellation);
    }

    string text = ScaleReport.Of(curves, measured, parsed.GetRequiredValue(options.FanOut), Path.GetFileName(picture), args);
    if (check is not null)
        text += CheckSection.Of(check, parsed.GetRequiredValue(options.CheckDataset));
    Console.WriteLine(text);
    if (path is not null)
        File.WriteAllText(path, text);
    return 0;
}
