using Backprop.Core.Data;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Progress;

/// <summary>A run as it is announced before its first step.</summary>
/// <param name="RunId">Names this run on the wire and on the page.</param>
/// <param name="Data">The data set as it was asked for.</param>
/// <param name="DatasetName">What people call it.</param>
/// <param name="WantedWorkers">Local workers started with the run; 0 with --in-process or only remote ones.</param>
/// <param name="ListenAddress">Where workers join, such as http://127.0.0.1:5000; null with --in-process.</param>
/// <param name="DashboardAddress">Where the page stands; null when it is off.</param>
public sealed record RunDescription(
    string RunId, RunConfiguration Configuration, DatasetRequest Data, string DatasetName, int TrainingExamples, int TestExamples,
    TrainingPlan Plan, bool InProcess, int WantedWorkers, int ThreadsPerWorker, string? ListenAddress,
    string? DashboardAddress, string RunDirectory)
{
    /// <summary>The share of the nodes that is computed twice; it does not change the result.</summary>
    public double Audit { get; init; }

    /// <summary>Words of the command line that a resume needs again.</summary>
    public IReadOnlyList<string> ResumeOptions { get; init; } = [];
}
