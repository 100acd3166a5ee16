namespace Backprop.CommandLine;

/// <summary>What a program's exit code says.</summary>
public static class ExitCodes
{
    public const int Success = 0;

    /// <summary>A run that could not be finished.</summary>
    public const int Failed = 1;

    /// <summary>Options or input that cannot be used; nothing was started.</summary>
    public const int UserError = 2;

    /// <summary>Ended by Ctrl-C. After SIGTERM it is <see cref="Terminated"/>.</summary>
    public const int Interrupted = 130;

    public const int Terminated = 143;
}
