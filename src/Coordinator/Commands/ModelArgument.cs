using System.CommandLine;

namespace Backprop.Coordinator.Commands;

/// <summary>The argument MODEL of the commands that use one.</summary>
internal static class ModelArgument
{
    public static Argument<string> Create() => new("model")
    {
        HelpName = "MODEL",
        Description = "a model file such as runs/NAME/model.safetensors, or the directory of a run.",
    };
}
