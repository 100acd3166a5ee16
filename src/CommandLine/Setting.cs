using System.CommandLine;

namespace Backprop.CommandLine;

/// <summary>
/// Something that the command line, an environment variable or appsettings.json can set: the option --learning-rate,
/// the variable BACKPROP_LEARNING_RATE and the key "learning-rate" are one setting.
/// </summary>
public abstract class Setting
{
    private protected Setting(string name, string valueName, string description, string? defaultText, bool isFlag)
    {
        Key = name;
        Option = new Option<string?>("--" + name)
        {
            // Brackets rather than System.CommandLine's own default, which would need every default as a parsed value.
            Description = defaultText is null ? description : $"{description} [default: {defaultText}]",
            HelpName = isFlag ? "true|false" : valueName,
            Arity = isFlag ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
        };
        IsFlag = isFlag;
    }

    /// <summary>The name without dashes, as appsettings.json has it.</summary>
    public string Key { get; }

    /// <summary>The name as the command line has it.</summary>
    public string Name => Option.Name;

    public string VariableName => "BACKPROP_" + Key.ToUpperInvariant().Replace('-', '_');

    /// <summary>Whether the name alone means true.</summary>
    public bool IsFlag { get; }

    /// <summary>What fits, in words.</summary>
    public abstract string Takes { get; }

    public Option<string?> Option { get; }
}

/// <summary>A setting and what its text means.</summary>
public sealed class Setting<T> : Setting
{
    /// <param name="name">Without dashes.</param>
    /// <param name="valueName">How the help writes its value.</param>
    /// <param name="description">One or two sentences for the help.</param>
    /// <param name="kind">What it takes.</param>
    /// <param name="defaultValue">Its value when nothing sets it.</param>
    /// <param name="defaultText">The default in words; null when having none says enough.</param>
    public Setting(
        string name, string valueName, string description, ValueKind<T> kind, T defaultValue, string? defaultText)
        : base(name, valueName, description, defaultText, typeof(T) == typeof(bool))
    {
        Kind = kind;
        Default = defaultValue;
    }

    public ValueKind<T> Kind { get; }

    public T Default { get; }

    public override string Takes => Kind.Takes;
}
