using System.CommandLine;
using Backprop.CommandLine;

namespace Backprop.Coordinator.Commands;

/// <summary><c>train</c>, which is also what a call without a command's name does.</summary>
internal static class TrainCommand
{
    private const string Examples =
        """
        Examples (Backprop.Coordinator stands for: dotnet run --project src/Coordinator -c Release --):
          The embedded digits on two worker processes, with a page at http://127.0.0.1:5080:
            Backprop.Coordinator

          A larger network for MNIST, the way that reaches about 98 %:
            Backprop.Coordinator train --dataset mnist --layers 784-128-10 --activations relu,softmax
              --cost log-likelihood --initializer he --learning-rate 0.1 --mini-batch 64 --epochs 10

          The same weights without workers; compare weights_sha256:
            Backprop.Coordinator train --in-process --json

          Your own table, its label in the column "species":
            Backprop.Coordinator train --dataset flowers.csv --label-column species --learning-rate 0.5

          Workers on other machines only; training starts when four are in:
            Backprop.Coordinator certificates keys HOST
            Backprop.Coordinator train --workers 0 --min-workers 4 --listen 0.0.0.0:5000
              --cert-file keys/server.pem --key-file keys/server.key --token-file keys/token.txt

          For whatever starts it again after a crash; a run that is complete tells its verdict and ends with 0:
            Backprop.Coordinator train --run-dir runs/one --or-resume

        Every option can also be an environment variable (BACKPROP_LEARNING_RATE=0.5) or a key of the section "Backprop"
        in appsettings.json ({ "Backprop": { "learning-rate": 0.5 } }); the command line wins, then the environment.

        Exit codes: 0 done, 1 failed, 2 refused options, 130 Ctrl-C, 143 SIGTERM.

        """;

    public static void AddTo(CommandLineProgram program, Func<SettingValues, CancellationToken, Task<int>> train)
    {
        Task<int> Run(ParseResult parsed, SettingValues values, CancellationToken cancellationToken) => train(values, cancellationToken);

        program.SetDefault(TrainSettings.All, Examples, Run);
        program.Add(
            new Command("train", "Trains, evaluates after each epoch and writes a run directory (the default command)."),
            TrainSettings.All, Examples, Run);
    }
}
