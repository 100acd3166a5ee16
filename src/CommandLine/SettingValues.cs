using System.CommandLine;
using System.CommandLine.Parsing;
using Backprop.Core;

namespace Backprop.CommandLine;

/// <summary>The settings' values of one call: from the command line, else the environment, else appsettings.json.</summary>
public sealed class SettingValues(ParseResult parsed, SettingSources sources)
{
    private IReadOnlyDictionary<Setting, string?> decided = new Dictionary<Setting, string?>();

    /// <exception cref="UserErrorException">The text that sets it does not fit.</exception>
    public T Get<T>(Setting<T> setting)
    {
        if (Find(setting) is not var (text, given))
            return setting.Default;
        if (setting.Kind.TryRead(text, out T? value))
            return value;
        throw new UserErrorException($"{given} does not fit; it takes {setting.Takes}.");
    }

    /// <summary>The same values, some of them decided already, whatever the command line and the other sources say.</summary>
    /// <param name="texts">Null: as if nothing set it.</param>
    public SettingValues Over(IReadOnlyDictionary<Setting, string?> texts) => new(parsed, sources) { decided = texts };

    /// <summary>The text that sets it; null when nothing does.</summary>
    public string? Text(Setting setting) => Find(setting)?.Text;

    /// <summary>Whether anything sets it.</summary>
    public bool IsGiven(Setting setting) => Find(setting) is not null;

    /// <summary>Whether the command line sets it, which wins over what the other sources say.</summary>
    public bool IsOnCommandLine(Setting setting) => !decided.ContainsKey(setting) && OptionResultOf(setting) is not null;

    /// <summary>What was given and where, for errors: "--seed 3", "BACKPROP_SEED=3"; the option's name when nothing was.</summary>
    public string Given(Setting setting) => Find(setting)?.Given ?? setting.Name;

    private OptionResult? OptionResultOf(Setting setting) =>
        parsed.GetResult(setting.Option) is { Implicit: false } result ? result : null;

    private (string Text, string Given)? Find(Setting setting)
    {
        if (decided.TryGetValue(setting, out string? decision))
            return decision is null ? null : (decision, $"{setting.Name} {decision}");
        if (OptionResultOf(setting) is not { } result)
            return sources.Find(setting);
        if (result.Tokens.Count == 0)
            return ("true", setting.Name);
        string text = result.Tokens[^1].Value;
        return (text, $"{setting.Name} {(string.IsNullOrWhiteSpace(text) ? $"'{text}'" : text)}");
    }
}
