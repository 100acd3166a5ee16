using System.CommandLine;
using System.Globalization;
using Backprop.Bench;
using Backprop.Core.LinearAlgebra;
using Backprop.Kernels;
using BenchmarkDotNet.Running;

ReportText.NoteLoad();
bool hasBlas = OpenBlas.TryStart(out string blas);

var width = new Argument<VectorWidth>("width")
{
    Description = "The vectors' bits: 512, 256, 128, or 1 for none; without it the widest that there are.",
    DefaultValueFactory = _ => VectorWidths.Widest,
    CustomParser = given => given.Tokens[0].Value switch
    {
        "512" => VectorWidth.Vector512,
        "256" => VectorWidth.Vector256,
        "128" => VectorWidth.Vector128,
        "1" => VectorWidth.Scalar,
        var other => Refuse(given, $"Vectors of '{other}' bits; 512, 256, 128 or 1 fit."),
    },
};
var rounds = new Option<int>("--rounds") { Description = "How often all products are gone through.", DefaultValueFactory = _ => 1 };
Option<string?> report = BenchOptions.Report("Also writes the table to this Markdown file.");
var quick = new Command("quick", "Products on the shapes of training, in a few seconds.") { width, rounds, report };
quick.SetAction(parsed =>
{
    string table = QuickTable.Of(parsed.GetValue(width), hasBlas, Math.Max(1, parsed.GetValue(rounds)), blas, args);
    Console.Write(table);
    if (parsed.GetValue(report) is { } path)
        File.WriteAllText(path, table);
    return 0;
});

var threads = new Argument<int>("threads") { Description = "A worker's threads.", DefaultValueFactory = _ => 1 };
threads.Validators.Add(given =>
{
    // What is no number the parser refuses itself.
    if (given.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out int count) && count is < 1 or > 1024)
        given.AddError($"A worker of {token.Value} threads; 1 to 1024 fit.");
});
var steps = new Command("steps", "What a worker computes in a step, beside OpenBLAS's peak in the same moments.") { threads };
steps.SetAction(parsed => WithBlas(() =>
{
    Console.WriteLine(blas);
    return StepTable.Print(parsed.GetValue(threads));
}));

if (args is ["quick" or "steps" or "--help" or "-h" or "-?", ..])
    return new RootCommand("Matrix products and steps beside OpenBLAS. What is neither quick nor steps goes to BenchmarkDotNet.") { quick, steps }.Parse(args).Invoke();
return WithBlas(() =>
{
    BenchmarkSwitcher.FromAssembly(typeof(ProductBenchmarks).Assembly).Run(args);
    return 0;
});

int WithBlas(Func<int> measure)
{
    if (hasBlas)
        return measure();
    Console.Error.WriteLine(blas);
    return 1;
}

static VectorWidth Refuse(System.CommandLine.Parsing.ArgumentResult given, string why)
{
    given.AddError(why);
    return default;
}
