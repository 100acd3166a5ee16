using System.CommandLine;
using System.CommandLine.Parsing;

namespace Backprop.CommandLine;

/// <summary>Puts into one line why a command line cannot be understood.</summary>
internal static class ParseErrors
{
    /// <summary>Null when the command line is fine.</summary>
    public static string? Describe(ParseResult parsed, IReadOnlyDictionary<Option, Setting> settings)
    {
        Command command = parsed.CommandResult.Command;
        if (WithoutValue(parsed) is { } valueless)
            return NeedsValue(valueless.Option, settings);
        if (parsed.UnmatchedTokens.Count > 0)
            return DescribeUnknown(parsed.UnmatchedTokens[0], command);
        if (MisplacedOption(parsed) is { } misplaced)
        {
            return command.Options.Any(option => option.Name == misplaced)
                ? $"{misplaced} stands before {command.Name}; options follow the command's name."
                : $"{misplaced} stands before {command.Name}, which does not take it; {command.Name} --help lists what fits.";
        }

        if (parsed.Errors.Count == 0)
            return null;

        ParseError error = parsed.Errors[0];
        return OptionOf(error.SymbolResult) is { } result
            ? DescribeOption(result, settings, error.Message)
            : DescribeArgument(error, command);
    }

    private static string DescribeUnknown(string token, Command command)
    {
        if (token.StartsWith('-') && token.Length > 1)
        {
            string name = token.Split('=', 2)[0];
            IEnumerable<string> names = command.Options.Where(option => !option.Hidden).Select(option => option.Name);
            string hint = NearestName.Find(name, names) is { } near ? $"did you mean {near}?" : "--help lists what fits.";
            return $"Unknown option {name}; {hint}";
        }

        if (command.Subcommands.Count == 0)
            return $"{command.Name} does not take '{token}'; {command.Name} --help shows what it takes.";

        List<string> commands = command.Subcommands.Select(subcommand => subcommand.Name).ToList();
        return NearestName.Find(token, commands) is { } meant
            ? $"Unknown command '{token}'; did you mean {meant}?"
            : $"Unknown command '{token}'; the commands are {string.Join(", ", commands)}.";
    }

    /// <summary>An option of the default command in front of another command's name.</summary>
    private static string? MisplacedOption(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        if (command == parsed.RootCommandResult.Command)
            return null;
        return parsed.RootCommandResult.Children.OfType<OptionResult>()
            .Where(result => !result.Implicit && !result.Option.Recursive && !command.Options.Contains(result.Option))
            .Select(result => result.Option.Name)
            .FirstOrDefault();
    }

    /// <summary>The option that took the next option's name for its value.</summary>
    private static OptionResult? WithoutValue(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        return parsed.CommandResult.Children.OfType<OptionResult>()
            .FirstOrDefault(result => result.Tokens is [var token] && command.Options.Any(option => option.Name == token.Value));
    }

    private static OptionResult? OptionOf(SymbolResult? result) => result switch
    {
        OptionResult option => option,
        ArgumentResult argument => argument.Parent as OptionResult,
        _ => null,
    };

    private static string DescribeOption(
        OptionResult result, IReadOnlyDictionary<Option, Setting> settings, string message)
    {
        if (result.IdentifierTokenCount > 1)
            return $"{result.Option.Name} is given {result.IdentifierTokenCount} times; once is enough.";
        return result.Tokens.Count == 0 ? NeedsValue(result.Option, settings) : $"{result.Option.Name}: {message}";
    }

    private static string NeedsValue(Option option, IReadOnlyDictionary<Option, Setting> settings) =>
        $"{option.Name} needs a value{(settings.TryGetValue(option, out Setting? setting) ? $": it takes {setting.Takes}" : "")}.";

    private static string DescribeArgument(ParseError error, Command command)
    {
        Argument? missing = (error.SymbolResult as ArgumentResult)?.Argument
            ?? command.Arguments.FirstOrDefault();
        return missing is null
            ? error.Message
            : $"{command.Name} needs {missing.HelpName ?? missing.Name}: {missing.Description}";
    }
}
