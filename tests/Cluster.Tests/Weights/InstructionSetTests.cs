using Backprop.Cluster.Tests.Commands;
using Backprop.Cluster.Tests.Processes;

namespace Backprop.Cluster.Tests.Weights;

/// <summary>Whole programs that may use only some of the processor's instructions, down to none: .NET's own switches, as if the machine were an older one.</summary>
public sealed class InstructionSetTests : IDisposable
{
    private const string What = "--epochs 2 --layers 64-33-10 --activations relu,softmax --cost log-likelihood --mini-batch 50 ";

    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public async Task Train_WithoutTheseInstructions_SameWeights(string without)
    {
        RunVerdict expected = await CoordinatorProcess.CompleteAsync(directory, What + "--in-process", "whole");
        var environment = new Dictionary<string, string> { [without] = "0" };
        await using CoordinatorProcess coordinator = CoordinatorProcess.Start(directory, What + "--workers 2", environment: environment);

        Assert.Equal(expected.WeightsSha256, (await coordinator.CompletedAsync()).WeightsSha256);
    }
}
