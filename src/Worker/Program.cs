using Backprop.CommandLine;
using Backprop.Worker;

var program = new CommandLineProgram(
    "A Backprop worker: joins a coordinator and computes gradients for it, until the run ends. Started first, it waits "
    + "for its coordinator without end; when it loses it, it joins again.",
    section: "BackpropWorker");
program.SetDefault(
    WorkerSettings.All, WorkerSettings.Examples, (_, values, cancellationToken) =>
        WorkerProgram.RunAsync(WorkerSettings.Read(values), cancellationToken));
return await program.RunAsync(args);
