using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Backprop.Core;

namespace Backprop.CommandLine;

/// <summary>What both programs do around their commands: one line for an error, an exit code, help that teaches.</summary>
public sealed class CommandLineProgram
{
    private readonly RootCommand root;
    private readonly string section;
    private readonly Dictionary<Command, string> examples = [];
    private readonly Dictionary<Option, Setting> settings = [];

    /// <param name="description">What the program is, for its help.</param>
    /// <param name="section">Its section of appsettings.json.</param>
    public CommandLineProgram(string description, string section)
    {
        root = new RootCommand(description);
        this.section = section;
        foreach (HelpOption option in root.Options.OfType<HelpOption>())
            option.Action = new HelpWithExamples(new HelpAction { MaxWidth = HelpWidth() }, examples);
    }

    /// <summary>A command's work: its settings' values in, its exit code out.</summary>
    public delegate Task<int> CommandAction(ParseResult parsed, SettingValues values, CancellationToken cancellationToken);

    /// <summary>Makes the program's call without a command's name do this.</summary>
    public void SetDefault(IReadOnlyList<Setting> commandSettings, string exampleText, CommandAction action) =>
        Fill(root, commandSettings, exampleText, action);

    public void Add(Command command, IReadOnlyList<Setting> commandSettings, string exampleText, CommandAction action)
    {
        root.Subcommands.Add(command);
        Fill(command, commandSettings, exampleText, action);
    }

    /// <summary>Parses and runs. Never throws: an error becomes one line on standard error.</summary>
    public async Task<int> RunAsync(string[] arguments)
    {
        using var termination = new TerminationSignal();
        try
        {
            ParseResult parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
            bool isCommand = parsed.Action is null or ParseErrorAction
                || parsed.Action == parsed.CommandResult.Command.Action;
            if (isCommand && ParseErrors.Describe(parsed, settings) is { } error)
                throw new UserErrorException(error);

            int exitCode = await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                termination.Token);
            return exitCode == ExitCodes.Interrupted && termination.Received is not null ? termination.ExitCode : exitCode;
        }
        catch (UserErrorException exception)
        {
            return Fail(exception.Message, ExitCodes.UserError);
        }
        catch (OperationCanceledException) when (termination.Received is not null)
        {
            return termination.ExitCode;
        }
#pragma warning disable CA1031 // The last resort: whatever it is, a user sees one line and no stack trace.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Fail($"Unexpected failure ({exception.GetType().Name}): {exception.Message}", ExitCodes.Failed);
        }
    }

    private void Fill(Command command, IReadOnlyList<Setting> commandSettings, string exampleText, CommandAction action)
    {
        foreach (Setting setting in commandSettings)
        {
            command.Options.Add(setting.Option);
            settings[setting.Option] = setting;
        }

        examples[command] = exampleText;
        command.SetAction(async (parsed, cancellationToken) =>
        {
            SettingSources sources = SettingSources.OfProcess(section, settings.Values);
            return await action(parsed, new SettingValues(parsed, sources), cancellationToken);
        });
    }

    private static int Fail(string message, int exitCode)
    {
        // Values and file names may hold line breaks; the promise is one line.
        Console.Error.WriteLine(string.Join(' ', message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries)));
        return exitCode;
    }

    private static int HelpWidth() =>
        Console.IsOutputRedirected ? 110 : Math.Clamp(Console.WindowWidth, 60, 110);
}
