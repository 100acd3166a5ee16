namespace Backprop.Bench;

/// <summary>The project's programs as they were built beside this one.</summary>
internal static class BuiltProgram
{
    /// <summary>artifacts/bin/PROJECT/CONFIGURATION/Backprop.PROJECT.dll, beside this program's own folder.</summary>
    public static string PathOf(string project)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(here.Parent!.Parent!.FullName, project, here.Name, $"Backprop.{project}.dll");
    }
}
