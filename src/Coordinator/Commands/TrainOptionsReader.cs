using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Core.Model;

namespace Backprop.Coordinator.Commands;

/// <summary>Reads the options of <c>train</c> and refuses what does not go together, before anything starts.</summary>
public static class TrainOptionsReader
{
    /// <exception cref="UserErrorException">A value or a combination does not fit.</exception>
    public static TrainOptions Read(SettingValues values)
    {
        int workers = values.Get(TrainSettings.InProcess) ? 0 : values.Get(TrainSettings.Workers);
        var options = new TrainOptions
        {
            Data = DatasetSettings.Request(values.Get(TrainSettings.Dataset), values),
            Layers = values.Get(TrainSettings.Layers),
            Activations = values.Get(TrainSettings.Activations),
            Cost = values.Get(TrainSettings.Cost),
            Optimizer = values.Get(TrainSettings.Optimizer),
            LearningRate = values.Get(TrainSettings.LearningRate),
            Momentum = values.Get(TrainSettings.Momentum),
            L2 = values.Get(TrainSettings.L2),
            Schedule = values.Get(TrainSettings.Schedule),
            Initializer = values.Get(TrainSettings.Initializer),
            InitFile = values.Get(TrainSettings.Init),
            MiniBatch = values.Get(TrainSettings.MiniBatch),
            Epochs = values.Get(TrainSettings.Epochs),
            Shards = values.Get(TrainSettings.Shards),
            Shuffle = values.Get(TrainSettings.Shuffle),
            Seed = values.Get(TrainSettings.Seed),
            Workers = workers,
            InProcess = values.Get(TrainSettings.InProcess),
            Threads = values.Get(TrainSettings.Threads) ?? Math.Max(1, Environment.ProcessorCount / Math.Max(1, workers)),
            MinWorkers = values.Get(TrainSettings.MinWorkers),
            WorkerTimeout = values.Get(TrainSettings.WorkerTimeout),
            StragglerTimeout = values.Get(TrainSettings.StragglerTimeout),
            Audit = values.Get(TrainSettings.Audit),
            TraceFile = values.Get(TrainSettings.Trace),
            Listen = values.Get(TrainSettings.Listen),
            Dashboard = values.Get(TrainSettings.Dashboard),
            RunDirectory = values.Get(TrainSettings.RunDirectory),
            OrResume = values.Get(TrainSettings.OrResume),
            CheckpointEvery = values.Get(TrainSettings.CheckpointEvery),
            Json = values.Get(TrainSettings.Json),
            CertificateFile = values.Get(TrainSettings.CertificateFile),
            KeyFile = values.Get(TrainSettings.KeyFile),
            TokenFile = values.Get(TrainSettings.TokenFile),
            ClientAuthorityFile = values.Get(TrainSettings.ClientAuthorityFile),
            AllowMixedArithmetic = values.Get(TrainSettings.AllowMixedArithmetic),
            Repeated = Repeated(values),
        };
        if (options is { OrResume: true, RunDirectory: null })
        {
            throw new UserErrorException(
                $"{values.Given(TrainSettings.OrResume)} needs {TrainSettings.RunDirectory.Name} with it: the directory of the run that goes on, or that begins.");
        }

        CheckNetwork(options, values);
        CheckWorkers(options, values);
        CheckAudit(options, values);
        if (options.TraceFile is not null)
            NewFile.Require(values.Given(TrainSettings.Trace), options.TraceFile, isNumbered: options.OrResume);
        AccessRules.Check(options, values);
        return options;
    }

    /// <summary>What can be said of the network without the data set, which may have to be fetched first.</summary>
    private static void CheckNetwork(TrainOptions options, SettingValues values)
    {
        if (options.InitFile is not null)
        {
            ReadableFile.Require(values.Given(TrainSettings.Init), options.InitFile);
            if (values.IsOnCommandLine(TrainSettings.Initializer))
            {
                throw new UserErrorException(
                    $"{values.Given(TrainSettings.Initializer)} and {values.Given(TrainSettings.Init)} both say where the "
                    + "first weights come from; give one of them.");
            }

            if (options.Layers is null)
                return;
        }

        if (options.Layers is not null)
        {
            _ = NetworkModel.Create(RunSetup.ParseLayers(options.Layers), options.Activations, options.Cost);
            return;
        }

        // Without --layers the network has one hidden layer; inputs and outputs are not known yet.
        var unknown = new NetworkShape(2, RunSetup.DefaultHiddenNeurons, 2);
        try
        {
            _ = NetworkModel.Create(unknown, options.Activations, options.Cost);
        }
        catch (UserErrorException error)
        {
            throw new UserErrorException(error.Message.Replace(
                unknown.ToString(), $"inputs-{RunSetup.DefaultHiddenNeurons}-outputs", StringComparison.Ordinal), error);
        }
    }

    private static void CheckWorkers(TrainOptions options, SettingValues values)
    {
        if (options.InProcess)
        {
            Setting[] ofWorkers =
            [
                TrainSettings.Workers, TrainSettings.MinWorkers, TrainSettings.WorkerTimeout, TrainSettings.Listen,
                TrainSettings.StragglerTimeout, TrainSettings.Audit, TrainSettings.Trace,
                TrainSettings.CertificateFile, TrainSettings.KeyFile, TrainSettings.TokenFile,
                TrainSettings.ClientAuthorityFile,
                TrainSettings.AllowMixedArithmetic,
            ];
            foreach (Setting setting in ofWorkers.Where(values.IsOnCommandLine))
            {
                throw new UserErrorException(
                    $"{values.Given(TrainSettings.InProcess)} trains without workers, and {values.Given(setting)} is about "
                    + "workers; leave one of them out.");
            }
        }
        else if (options.Workers > 0 && options.MinWorkers > options.Workers
            && !values.IsGiven(TrainSettings.Workers))
        {
            throw new UserErrorException(
                $"{values.Given(TrainSettings.MinWorkers)} is more than the {options.Workers} workers that are started; add "
                + $"--workers {options.MinWorkers}, or --workers 0 to wait for remote ones.");
        }
        else if (options.Workers > 0 && options.MinWorkers > options.Workers)
        {
            throw new UserErrorException(
                $"{values.Given(TrainSettings.MinWorkers)} is more than {values.Given(TrainSettings.Workers)}; from 1 to "
                + $"{options.Workers} fit, or --workers 0 to wait for remote ones.");
        }
    }

    private static void CheckAudit(TrainOptions options, SettingValues values)
    {
        if (options.Audit > 0 && options.AllowMixedArithmetic)
        {
            throw new UserErrorException(
                $"{values.Given(TrainSettings.Audit)} compares bits, and {values.Given(TrainSettings.AllowMixedArithmetic)} admits "
                + "workers that give others; leave one of them out.");
        }
    }

    private static string[] Words(Setting setting, string text) =>
        setting.IsFlag && text == "true" ? [setting.Name] : [setting.Name, text];

    /// <summary>The options of the command line that a resume would need again.</summary>
    private static List<string> Repeated(SettingValues values)
    {
        Setting[] kept = [TrainSettings.Dataset, DatasetSettings.Directory, DatasetSettings.TestFile, DatasetSettings.LabelColumn,
            TrainSettings.Init, TrainSettings.RunDirectory, TrainSettings.OrResume, TrainSettings.CheckpointEvery, TrainSettings.Audit, TrainSettings.Trace];
        IEnumerable<Setting> needed = TrainSettings.All.Except(kept).Except(ResultSetting.All.Select(result => result.Setting));
        return [.. needed.Where(values.IsOnCommandLine).SelectMany(setting => Words(setting, values.Text(setting)!))];
    }
}
