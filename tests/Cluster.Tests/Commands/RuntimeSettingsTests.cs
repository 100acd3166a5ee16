using System.Text.Json;

namespace Backprop.Cluster.Tests.Commands;

/// <summary>How the runtime is asked to run both programs (decisions 0004 and 0019): what is left out or misspelt there is told by nobody, and makes training slow.</summary>
public sealed class RuntimeSettingsTests
{
    [Theory]
    [InlineData("Coordinator")]
    [InlineData("Worker")]
    public void Programs_Built_CompileAtOnceAndCollectEarly(string program)
    {
        string path = program == "Worker" ? BuiltProgram.Worker : BuiltProgram.Coordinator;
        using JsonDocument settings = JsonDocument.Parse(File.ReadAllText(Path.ChangeExtension(path, ".runtimeconfig.json")));
        JsonElement properties = settings.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties");
        Assert.False(properties.GetProperty("System.Runtime.TieredCompilation").GetBoolean());
        Assert.False(properties.GetProperty("System.GC.Server").GetBoolean());
        Assert.False(properties.GetProperty("System.GC.Concurrent").GetBoolean());
        Assert.Equal(1 << 20, properties.GetProperty("System.GC.Gen0MaxBudget").GetInt64());
    }
}
