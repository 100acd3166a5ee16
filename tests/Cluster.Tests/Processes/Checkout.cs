namespace Backprop.Cluster.Tests.Processes;

/// <summary>The files of this checkout that are not part of a program.</summary>
internal static class Checkout
{
    /// <summary>Where Backprop.sln stands.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Backprop.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests run from within the checkout.");
    }
}
