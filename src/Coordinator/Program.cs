using Backprop.CommandLine;
using Backprop.Coordinator;
using Backprop.Coordinator.Commands;

var program = new CommandLineProgram(
    "Backprop: trains neural networks on many workers, to the same weights whatever their number.", section: "Backprop");
TrainCommand.AddTo(program, TrainingProgram.RunAsync);
ResumeCommand.AddTo(program, TrainingProgram.ResumeAsync);
VerifyCommand.AddTo(program);
EvaluateCommand.AddTo(program);
PredictCommand.AddTo(program);
GradientCheckCommand.AddTo(program);
CertificatesCommand.AddTo(program);
HealthCommand.AddTo(program);
return await program.RunAsync(args);
