using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Backprop.CommandLine;

/// <summary>The usual help, with worked examples at its end.</summary>
/// <param name="help">Writes the usual part.</param>
/// <param name="examples">What to write below it, a command.</param>
internal sealed class HelpWithExamples(HelpAction help, IReadOnlyDictionary<Command, string> examples)
    : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int exitCode = help.Invoke(parseResult);
        if (examples.TryGetValue(parseResult.CommandResult.Command, out string? text))
            parseResult.InvocationConfiguration.Output.WriteLine(text);
        return exitCode;
    }
}
