namespace Backprop.Cluster.Tests.Commands;

/// <summary>A directory that is gone when the test is over.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("backprop-test-").FullName;

    public string Write(string name, string text)
    {
        string path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    public string[] Entries() => Directory.GetFileSystemEntries(Path, "*", SearchOption.AllDirectories).Order().ToArray();

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
