namespace Backprop.Coordinator;

/// <summary>The version of this program, as files and people see it.</summary>
internal static class ProgramVersion
{
    public static string Text { get; } = typeof(ProgramVersion).Assembly.GetName().Version?.ToString(3) ?? "unknown";
}
