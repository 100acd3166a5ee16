using Backprop.CommandLine;
using Backprop.Core;

namespace Backprop.Coordinator.Commands;

/// <summary>Somebody's wish to go on with a run: with <c>resume</c>, or with <c>train --or-resume</c>.</summary>
/// <param name="Command">How errors begin.</param>
/// <param name="Remedy">What to do about options that are not the run's.</param>
/// <param name="Values">The settings that came with it.</param>
/// <param name="IsTraining">Whether the same words would have begun the run, so that every source of settings speaks of it.</param>
internal sealed record ResumeRequest(string Command, string Remedy, SettingValues Values, bool IsTraining)
{
    /// <param name="path">The run directory as it was given.</param>
    /// <exception cref="UserErrorException">Another directory is given beside it.</exception>
    public static ResumeRequest OfResume(string path, SettingValues values)
    {
        string command = $"resume {path}";
        return values.IsOnCommandLine(TrainSettings.RunDirectory)
            ? throw new UserErrorException($"{command}: {values.Given(TrainSettings.RunDirectory)} does not fit; a run goes on in its own directory.")
            : new ResumeRequest(command, "leave them out, or start another run with train", values, IsTraining: false);
    }

    public static ResumeRequest OfTrain(SettingValues values) => new(
        $"{values.Given(TrainSettings.OrResume)} with {values.Given(TrainSettings.RunDirectory)}",
        "give what the run has, or another --run-dir for another run", values, IsTraining: true);

    /// <summary>
    /// Whether it says something of a setting that the run has decided. What the environment and appsettings.json say is
    /// meant for runs that begin: <c>resume</c> leaves it aside.
    /// </summary>
    public bool Says(Setting setting) => IsTraining ? Values.IsGiven(setting) : Values.IsOnCommandLine(setting);

    /// <summary>What it says; null where it says nothing.</summary>
    public string? TextOf(Setting setting) => Says(setting) ? Values.Text(setting) : null;
}
