using System.Globalization;
using Backprop.Core.LinearAlgebra;
using Backprop.Kernels;
using BenchmarkDotNet.Running;

// quick [512|256|128|1]: products, steps [threads]: whole steps, each a table in a few seconds. Anything else goes to
// BenchmarkDotNet.
bool hasBlas = OpenBlas.TryStart(out string message);
if (args is not ["quick", ..])
{
    if (!hasBlas)
    {
        Console.Error.WriteLine(message);
        return 1;
    }

    if (args is ["steps", ..])
    {
        Console.WriteLine(message);
        return StepTable.Print(args is [_, var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : 1);
    }

    BenchmarkSwitcher.FromAssembly(typeof(ProductBenchmarks).Assembly).Run(args);
    return 0;
}

Console.WriteLine(message);
VectorWidth width = args is [_, var bits, ..]
    ? bits switch
    {
        "512" => VectorWidth.Vector512,
        "256" => VectorWidth.Vector256,
        "128" => VectorWidth.Vector128,
        _ => VectorWidth.Scalar,
    }
    : VectorWidths.Widest;
return QuickTable.Print(width, hasBlas);
