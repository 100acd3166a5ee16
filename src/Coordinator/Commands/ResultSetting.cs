using System.Globalization;
using Backprop.CommandLine;
using Backprop.Core;
using Backprop.Core.Training;

namespace Backprop.Coordinator.Commands;

/// <summary>An option of <c>train</c> that changes the result, and where a run's configuration has its value.</summary>
internal sealed class ResultSetting
{
    private readonly Func<RunConfiguration, string> text;
    private readonly Func<SettingValues, RunConfiguration, bool> isSame;

    private ResultSetting(
        Setting setting, Func<RunConfiguration, string> text, Func<SettingValues, RunConfiguration, bool> isSame)
    {
        Setting = setting;
        this.text = text;
        this.isSame = isSame;
    }

    public static IReadOnlyList<ResultSetting> All { get; } =
    [
        Of(TrainSettings.Layers, run => run.Layers, (given, _) => RunSetup.ParseLayers(given!).ToString()),
        Of(TrainSettings.Activations, run => run.Activations, OneALayer),
        Of(TrainSettings.Cost, run => run.Cost),
        Of(TrainSettings.Optimizer, run => run.Optimizer),
        Of(TrainSettings.LearningRate, run => run.LearningRate),
        Of(TrainSettings.Momentum, run => run.Momentum),
        Of(TrainSettings.L2, run => run.L2),
        Of(TrainSettings.Schedule, run => run.Schedule),
        Of(TrainSettings.Initializer, run => run.Initializer),
        Of(TrainSettings.MiniBatch, run => run.MiniBatch),
        Of(TrainSettings.Epochs, run => run.Epochs),
        Of(TrainSettings.Shards, run => run.Shards, (given, run) => RunConfiguration.ResolveShards(given, run.MiniBatch)),
        Of(TrainSettings.Shuffle, run => run.Shuffle),
        Of(TrainSettings.Seed, run => run.Seed),
    ];

    public Setting Setting { get; }

    /// <summary>The run's value, as the command line would give it.</summary>
    public string TextOf(RunConfiguration run) => text(run);

    /// <summary>"--seed 2 where the run has 1"; null when the request says the same as the run, or nothing.</summary>
    /// <exception cref="UserErrorException">The value that it says does not fit.</exception>
    public string? Difference(ResumeRequest request, RunConfiguration run) =>
        !request.Says(Setting) || isSame(request.Values, run) ? null : $"{request.Values.Given(Setting)} where the run has {text(run)}";

    /// <param name="meant">What a given value comes to in the run; null: itself.</param>
    private static ResultSetting Of<T>(Setting<T> setting, Func<RunConfiguration, T> value, Func<T, RunConfiguration, T>? meant = null)
    {
        T Meant(T given, RunConfiguration run) => meant is null ? given : meant(given, run);
        return new ResultSetting(
            setting, run => Text(value(run)),
            (values, run) => EqualityComparer<T>.Default.Equals(Meant(values.Get(setting), run), Meant(value(run), run)));
    }

    private static string Text<T>(T value) => value switch
    {
        true => "true",
        false => "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string OneALayer(string names, RunConfiguration run) =>
        names.Contains(',', StringComparison.Ordinal) ? names : string.Join(',', Enumerable.Repeat(names, run.Shape.LayerCount));
}
