using System.Text.Json;

namespace Backprop.Cluster.Tests.Commands;

/// <summary><c>gradient-check</c> as a process.</summary>
public sealed class GradientCheckTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task GradientCheck_Defaults_ShowsEveryFormAndTheClaims()
    {
        ProgramResult result = await RunAsync("gradient-check");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("64-30-10, sigmoid, quadratic cost: 2,260 weights and biases; the first 10 examples of digits.", result.Output, StringComparison.Ordinal);
        foreach (string form in (string[])["matrix form", "as training computes it", "per example", "square matrices",
            "one-sided", "central", "sum over all paths", "one modified neuron", "linear neurons"])
        {
            Assert.Contains(form, result.Output, StringComparison.Ordinal);
        }

        Assert.Matches(@"All 2,260 derivatives at once cost [0-9.]+ forward passes", result.Output);
        Assert.Contains("All forms agree", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output);
    }

    [Fact]
    public async Task GradientCheck_Json_EveryDifferenceIsWithinItsBound()
    {
        ProgramResult result = await RunAsync("gradient-check --layers 64-5-10 --activations tanh,softmax --cost log-likelihood --json");

        Assert.Equal(0, result.ExitCode);
        JsonElement report = JsonDocument.Parse(result.Output).RootElement;

        // (64 + 1)·5 + (5 + 1)·10 weights and biases.
        Assert.Equal(385, report.GetProperty("parameters").GetInt32());
        JsonElement[] forms = [.. report.GetProperty("forms").EnumerateArray()];
        Assert.Equal(9, forms.Length);
        foreach (JsonElement form in forms)
        {
            Assert.True(form.GetProperty("agrees").GetBoolean(), form.ToString());
            Assert.True(form.GetProperty("time").GetDouble() > 0);
            Assert.True(form.GetProperty("largest_difference").GetDouble() <= form.GetProperty("allowed").GetDouble());
        }
    }

    [Theory]
    [InlineData("gradient-check --layers 3-2", "--layers 3-2 does not fit|64 inputs and 10 classes")]
    [InlineData("gradient-check --mini-batch 0", "--mini-batch 0 does not fit")]
    [InlineData("gradient-check --workers 2", "--workers")]
    public Task GradientCheck_BadOption_IsRefused(string arguments, string reason) =>
        Refusal.ExpectAsync(BuiltProgram.Coordinator, arguments, reason, directory);

    private Task<ProgramResult> RunAsync(string arguments) =>
        BuiltProgram.RunAsync(BuiltProgram.Coordinator, directory.Path, arguments.Split(' '));
}
