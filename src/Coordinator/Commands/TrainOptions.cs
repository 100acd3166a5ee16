using Backprop.CommandLine;
using Backprop.Core.Data;

namespace Backprop.Coordinator.Commands;

/// <summary>
/// Everything that <c>train</c> was asked for, each value and combination found possible by itself. What depends on the
/// data set is checked by <see cref="RunSetup"/>.
/// </summary>
public sealed record TrainOptions
{
    /// <summary>What to open with <see cref="Datasets.Open"/>.</summary>
    public required DatasetRequest Data { get; init; }

    /// <summary>Such as "64-30-10"; null: inputs-30-outputs, or the layers of <see cref="InitFile"/>.</summary>
    public string? Layers { get; init; }

    public required string Activations { get; init; }

    public required string Cost { get; init; }

    public required string Optimizer { get; init; }

    public required double LearningRate { get; init; }

    public required double Momentum { get; init; }

    public required double L2 { get; init; }

    public required string Schedule { get; init; }

    public required string Initializer { get; init; }

    /// <summary>A model file to start from; null: <see cref="Initializer"/>.</summary>
    public string? InitFile { get; init; }

    public required int MiniBatch { get; init; }

    public required int Epochs { get; init; }

    /// <summary>S; null: what the mini-batch says.</summary>
    public int? Shards { get; init; }

    public required bool Shuffle { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Worker processes to start on this machine; 0: only remote ones, or <see cref="InProcess"/>.</summary>
    public required int Workers { get; init; }

    public required bool InProcess { get; init; }

    /// <summary>Threads of each local worker, or of the coordinator itself with <see cref="InProcess"/>.</summary>
    public required int Threads { get; init; }

    /// <summary>Below it training waits.</summary>
    public required int MinWorkers { get; init; }

    /// <summary>How long training waits for enough workers before it fails.</summary>
    public required TimeSpan WorkerTimeout { get; init; }

    /// <summary>The least time after which a late worker's nodes are given to another as well; null: never.</summary>
    public TimeSpan? StragglerTimeout { get; init; }

    /// <summary>The share of nodes that two compute and that are compared, from 0 to 1.</summary>
    public required double Audit { get; init; }

    public required string? TraceFile { get; init; }

    public required string? ClientAuthorityFile { get; init; }

    /// <summary>Where workers join.</summary>
    public required ListenAddress Listen { get; init; }

    /// <summary>Where the page stands; null: nowhere. Always a loopback address.</summary>
    public ListenAddress? Dashboard { get; init; }

    /// <summary>To be new or empty; null: runs/DATE-TIME-DATASET.</summary>
    public string? RunDirectory { get; init; }

    /// <summary>Whether a run that is in <see cref="RunDirectory"/> goes on.</summary>
    public required bool OrResume { get; init; }

    /// <summary>Steps between checkpoints; 0: one at the end of every epoch.</summary>
    public required int CheckpointEvery { get; init; }

    /// <summary>The summary on standard output, everything else on standard error.</summary>
    public required bool Json { get; init; }

    /// <summary>PEM; null: no TLS. It goes together with <see cref="KeyFile"/>.</summary>
    public string? CertificateFile { get; init; }

    public string? KeyFile { get; init; }

    /// <summary>The file of the secret that workers must show, found fit; null: none is asked for.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Whether workers may join whose arithmetic gives other bits.</summary>
    public required bool AllowMixedArithmetic { get; init; }

    /// <summary>Words of the command line that a resume of the run needs again; the others are in its directory.</summary>
    public IReadOnlyList<string> Repeated { get; init; } = [];
}
