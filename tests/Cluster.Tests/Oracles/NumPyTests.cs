using System.Diagnostics;
using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Oracles;

/// <summary>Runs of two workers against NumPy programs that read nothing but the files (tests/oracles).</summary>
public sealed class NumPyTests : IDisposable
{
    private const string FashionMnist = "/usr/share/datasets/fashion-mnist";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("--epochs 1")]
    [InlineData("--epochs 1 --mini-batch 64 --activations relu,softmax --cost log-likelihood --learning-rate 0.1")]
    // At a rate of 0.3 the last would be chaotic: NumPy itself ends elsewhere when its first weights change by 1e-7.
    [InlineData("--epochs 2 --layers 64-20-12-10 --activations tanh,tanh,sigmoid --cost cross-entropy --learning-rate 0.1 --mini-batch 7")]
    public Task Train_DigitsInTheFilesOrder_NumPysDoublePrecisionAgrees(string options) => CompareAsync(options, Digits());

    [Fact]
    public Task Train_FashionMnist_NumPysDoublePrecisionAgrees() => CompareAsync(
        "--dataset fashion-mnist --layers 784-30-10 --epochs 1 --mini-batch 64 --activations relu,softmax --cost log-likelihood --learning-rate 0.1",
        FashionMnist);

    private async Task CompareAsync(string options, string data)
    {
        // The first weights: a run whose learning rate leaves them as good as they were.
        string network = string.Join(' ', options.Split("--").Where(o => o.StartsWith("layers", StringComparison.Ordinal)
            || o.StartsWith("activations", StringComparison.Ordinal) || o.StartsWith("cost", StringComparison.Ordinal)
            || o.StartsWith("dataset", StringComparison.Ordinal)).Select(o => "--" + o.Trim()));
        await CoordinatorProcess.CompleteAsync(
            directory, $"{network} --in-process --epochs 1 --mini-batch 500 --learning-rate 0.001 --seed 7", "first");
        string first = Path.Combine(directory.Path, "first", "model.safetensors");
        await CoordinatorProcess.CompleteAsync(directory, $"{options} --shuffle false --init {first} --workers 2 --threads 1", "run");
        string run = Path.Combine(directory.Path, "run");

        await PythonAsync("sgd_oracle.py", first, run, data);
        await PythonAsync("evaluate_model.py", run, data);
    }

    private static async Task PythonAsync(string program, params string[] arguments)
    {
        const string python = "/usr/bin/python3";
        Assert.True(File.Exists(python), $"These tests need {python} with NumPy: apt-get install python3-numpy.");
        using var process = Process.Start(new ProcessStartInfo(python, [Path.Combine(Checkout.Root, "tests", "oracles", program), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PYTHONDONTWRITEBYTECODE"] = "1" },
        })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(ProgramProcess.Deadline);
        Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
        string output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}:\n{output}\n{await errors}");
    }

    private static string Digits() => Path.Combine(Checkout.Root, "src", "Core", "Data", "Digits", "digits.csv.gz");
}
