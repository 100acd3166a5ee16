using Backprop.CommandLine;
using Backprop.Serving;
using Backprop.Core.Activations;
using Backprop.Core.Costs;
using Backprop.Core.Model;
using Backprop.Core.Optimizers;
using Backprop.Core.Sharding;

namespace Backprop.Coordinator.Commands;

/// <summary>The options of <c>train</c>: their names, defaults and what fits.</summary>
public static class TrainSettings
{
    public static readonly Setting<string> Dataset = new(
        "dataset", "DATASET",
        "digits (1,797 images of 8x8, embedded), mnist, fashion-mnist, a directory with the four IDX files (raw or .gz), "
        + "or a CSV file.",
        ValueKinds.Text(DatasetSettings.Takes), "digits", "digits");

    public static readonly Setting<string?> Layers = new(
        "layers", "SIZES", "Neurons a layer from the inputs to the classes, such as 784-128-10.",
        ValueKinds.Text("neurons a layer joined by hyphens, such as 784-30-10")!, null, "inputs-30-outputs");

    public static readonly Setting<string> Activations = new(
        "activations", "NAMES",
        $"One for all layers, or one a layer after the input, such as relu,softmax: {Listed(ActivationFunctions.Names)}.",
        new ValueKind<string>(
            $"{ValueKinds.ListedWithOr(ActivationFunctions.Names)}, once or for each layer with commas between",
            TryReadActivations),
        "sigmoid", "sigmoid");

    public static readonly Setting<string> Cost = new(
        "cost", "NAME", $"{Listed(CostFunctions.Names)}. cross-entropy needs sigmoid outputs, log-likelihood softmax.",
        ValueKinds.OneOf(CostFunctions.Names), "quadratic", "quadratic");

    public static readonly Setting<string> Optimizer = new(
        "optimizer", "NAME", $"How weights follow the gradient: {Listed(OptimizerCatalog.Names)}.",
        ValueKinds.OneOf(OptimizerCatalog.Names), "sgd", "sgd");

    public static readonly Setting<double> LearningRate = new(
        "learning-rate", "NUMBER", "The length of a step against the gradient.",
        ValueKinds.Number("a number above 0 and at most 3.4e38", rate => (float)rate > 0 && float.IsFinite((float)rate)), 3.0, "3.0");

    public static readonly Setting<double> Momentum = new(
        "momentum", "NUMBER", "The share of the last step that a step keeps.",
        ValueKinds.Number("a number from 0 to below 1", momentum => momentum >= 0 && (float)momentum < 1), 0, "0");

    public static readonly Setting<double> L2 = new(
        "l2", "NUMBER", "Weight decay: the factor of the squared weights in the cost.",
        ValueKinds.Number("a number of at least 0", decay => decay >= 0 && float.IsFinite((float)decay)), 0, "0");

    public static readonly Setting<string> Schedule = new(
        "schedule", "SCHEDULE",
        "constant, or step:EPOCHS:FACTOR: the learning rate is multiplied by FACTOR after every EPOCHS epochs.",
        new ValueKind<string>("constant, or step:EPOCHS:FACTOR such as step:10:0.5", TryReadSchedule),
        "constant", "constant");

    public static readonly Setting<string> Initializer = new(
        "initializer", "NAME",
        $"The first weights: {Listed(ParameterInitializers.Names)}. scaled-gaussian has weights of deviation 1/√inputs.",
        ValueKinds.OneOf(ParameterInitializers.Names), "scaled-gaussian", "scaled-gaussian");

    public static readonly Setting<string?> Init = new(
        "init", "FILE", "Start from the weights of this file (safetensors) instead.",
        ValueKinds.Text("a model file")!, null, null);

    public static readonly Setting<int> MiniBatch = new(
        "mini-batch", "COUNT", "Examples a step.", ValueKinds.WholeNumber(1), 10, "10");

    public static readonly Setting<int> Epochs = new(
        "epochs", "COUNT", "Passes over the training set.", ValueKinds.WholeNumber(1), 30, "30");

    public static readonly Setting<int?> Shards = new(
        "shards", "COUNT",
        "The fixed parts of a mini-batch; no more workers than this have work. auto follows from --mini-batch alone.",
        new ValueKind<int?>($"auto, or a power of two from 1 to {ShardCut.Maximum}", TryReadShards), null, "auto");

    public static readonly Setting<bool> Shuffle = new(
        "shuffle", "BOOL", "A new order of the examples each epoch; false: the order of the file.",
        ValueKinds.Flag, true, "true");

    public static readonly Setting<ulong> Seed = new(
        "seed", "NUMBER", "Everything random follows from it.", ValueKinds.Seed, 1, "1");

    public static readonly Setting<int> Workers = new(
        "workers", "COUNT", "Worker processes to start on this machine; 0: only those started by hand, here or elsewhere.",
        ValueKinds.WholeNumber(0, WorkerRegistry.Capacity), 2, "2");

    public static readonly Setting<bool> InProcess = new(
        "in-process", "BOOL", "Train in this process, without workers: the fastest for tiny mini-batches. Same weights.",
        ValueKinds.Flag, false, null);

    public static readonly Setting<int?> Threads = new(
        "threads", "COUNT", "Threads of each local worker, or of this process with --in-process.",
        new ValueKind<int?>(ValueKinds.WholeNumber(1, 1024).Takes, TryReadThreads), null, "cores / workers, at least 1");

    public static readonly Setting<int> MinWorkers = new(
        "min-workers", "COUNT", "Below it training waits. With --workers 0 it starts when this many are in.",
        ValueKinds.WholeNumber(1, WorkerRegistry.Capacity), 1, "1");

    public static readonly Setting<TimeSpan> WorkerTimeout = new(
        "worker-timeout", "TIME",
        "How long to wait for enough workers before failing, and for a worker's answer before it is sent away: seconds, or such as 90s or 5m.",
        ValueKinds.Duration, TimeSpan.FromMinutes(5), "5m");

    public static readonly Setting<TimeSpan?> StragglerTimeout = new(
        "straggler-timeout", "TIME",
        "A worker's nodes are given to another as well when it takes longer than usual, and at least this; off: never.",
        new ValueKind<TimeSpan?>($"{ValueKinds.Duration.Takes}, or off", TryReadDurationOrOff), TimeSpan.FromSeconds(1), "1s");

    public static readonly Setting<double> Audit = new(
        "audit", "FRACTION",
        "Have this share of the nodes computed by two workers and compared bit by bit; one that computes wrongly is sent away.",
        ValueKinds.Number("a number from 0 to 1", fraction => fraction is >= 0 and <= 1), 0, "0");

    public static readonly Setting<ListenAddress> Listen = new(
        "listen", "ADDRESS:PORT",
        "Where workers join (gRPC). Port 0: any free one. Other than loopback needs --cert-file, --key-file and --token-file.",
        ValueKinds.Address, Loopback(5000), "127.0.0.1:5000");

    public static readonly Setting<ListenAddress?> Dashboard = new(
        "dashboard", "ADDRESS:PORT", "The page to watch a run, on a loopback address; off: none. Port 0: any free one.",
        ValueKinds.AddressOrOff, Loopback(5080), "127.0.0.1:5080");

    public static readonly Setting<string?> RunDirectory = new(
        "run-dir", "DIRECTORY", "Where the run writes; new, or empty.",
        ValueKinds.Text("a directory that is new or empty")!, null, "runs/DATE-TIME-DATASET");

    public static readonly Setting<bool> OrResume = new(
        "or-resume", "BOOL",
        "Go on with the run of --run-dir if there is one, and begin it otherwise: the same words for every start. What is given has to be the run's.",
        ValueKinds.Flag, false, null);

    public static readonly Setting<int> CheckpointEvery = new(
        "checkpoint-every", "STEPS", "Steps between checkpoints.", ValueKinds.WholeNumber(1), 0, "one epoch");

    public static readonly Setting<string?> Trace = new(
        "trace", "FILE", "Write what coordinator and workers do when, for Perfetto or chrome://tracing; a new file. With --or-resume each start has its own: FILE, FILE-2 and so on, the number before the ending.",
        ValueKinds.Text("a new file")!, null, null);

    public static readonly Setting<bool> Json = new(
        "json", "BOOL", "Write the summary as JSON on standard output and everything else on standard error.",
        ValueKinds.Flag, false, null);

    public static readonly Setting<string?> CertificateFile = new(
        "cert-file", "FILE", "TLS: the certificate that workers check (PEM).", ValueKinds.Text("a PEM file")!, null, null);

    public static readonly Setting<string?> KeyFile = new(
        "key-file", "FILE", "TLS: the certificate's private key (PEM, unencrypted).",
        ValueKinds.Text("a PEM file")!, null, null);

    public static readonly Setting<string?> TokenFile = new(
        "token-file", "FILE", "The secret that workers must show: one word of at least 32 bytes.",
        ValueKinds.Text("a file")!, null, null);

    public static readonly Setting<string?> ClientAuthorityFile = new(
        "client-ca-file", "FILE", "Mutual TLS: workers on other machines must also show a certificate that one of these authorities signed (PEM).",
        ValueKinds.Text("a PEM file")!, null, null);

    public static readonly Setting<bool> AllowMixedArithmetic = new(
        "allow-mixed-arithmetic", "BOOL",
        "Admit workers whose processors would give other bits. The promise of equal weights is then off.",
        ValueKinds.Flag, false, null);

    public static IReadOnlyList<Setting> All { get; } =
    [
        Dataset, DatasetSettings.Directory, DatasetSettings.TestFile, DatasetSettings.LabelColumn, Layers, Activations,
        Cost, Optimizer, LearningRate, Momentum, L2, Schedule, Initializer, Init, MiniBatch, Epochs, Shards, Shuffle, Seed,
        Workers, InProcess, Threads, MinWorkers, WorkerTimeout, StragglerTimeout, Audit, Listen, Dashboard, RunDirectory, OrResume, CheckpointEvery, Trace, Json,
        CertificateFile, KeyFile, TokenFile, ClientAuthorityFile, AllowMixedArithmetic,
    ];

    private static ListenAddress Loopback(int port) => new(System.Net.IPAddress.Loopback, port);

    private static string Listed(IReadOnlyList<string> names) => string.Join(", ", names);

    private static bool TryReadActivations(string text, out string names)
    {
        names = text;
        return text.Split(',').All(name => ActivationFunctions.Names.Contains(name, StringComparer.Ordinal));
    }

    private static bool TryReadSchedule(string text, out string schedule)
    {
        schedule = text;
        try
        {
            _ = LearningRateSchedule.Parse(text);
            return true;
        }
        catch (Core.UserErrorException)
        {
            return false;
        }
    }

    private static bool TryReadShards(string text, out int? shards)
    {
        shards = null;
        if (text.Equals("auto", StringComparison.OrdinalIgnoreCase))
            return true;
        bool read = ValueKinds.WholeNumber(1, ShardCut.Maximum).TryRead(text, out int count);
        shards = count;
        return read && int.IsPow2(count);
    }

    private static bool TryReadDurationOrOff(string text, out TimeSpan? duration)
    {
        duration = null;
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase))
            return true;
        bool read = ValueKinds.Duration.TryRead(text, out TimeSpan time);
        duration = time;
        return read;
    }

    private static bool TryReadThreads(string text, out int? threads)
    {
        bool read = ValueKinds.WholeNumber(1, 1024).TryRead(text, out int count);
        threads = count;
        return read;
    }
}
