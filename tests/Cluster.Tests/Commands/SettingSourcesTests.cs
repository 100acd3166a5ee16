namespace Backprop.Cluster.Tests.Commands;

/// <summary>Where a value may come from, and which one wins. What came through shows in the error about it.</summary>
public sealed class SettingSourcesTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public Task Train_UnfitVariable_NamesTheVariable() => Refusal.ExpectAsync(
        BuiltProgram.Coordinator, "", "BACKPROP_LEARNING_RATE=fast|above 0", directory, [("BACKPROP_LEARNING_RATE", "fast")]);

    [Fact]
    public Task Train_EmptyVariable_CountsAsUnset() => Refusal.ExpectAsync(
        BuiltProgram.Coordinator, "--epochs 0", "--epochs 0", directory, [("BACKPROP_LEARNING_RATE", "")]);

    [Fact]
    public Task Train_UnfitKey_NamesKeyAndFile()
    {
        directory.Write("appsettings.json", """{ "Backprop": { "learning-rate": -2, /* why not */ "json": true, } }""");
        return Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "", "\"learning-rate\": -2 in appsettings.json|above 0", directory);
    }

    [Fact]
    public Task Train_UnknownKey_NamesTheNearest()
    {
        directory.Write("appsettings.json", """{ "Logging": { "x": 1 }, "Backprop": { "learn-rate": 0.5 } }""");
        return Refusal.ExpectAsync(BuiltProgram.Coordinator, "", "\"learn-rate\"|appsettings.json|learning-rate", directory);
    }

    [Fact]
    public Task Train_BrokenFile_SaysSo()
    {
        directory.Write("appsettings.json", "{ \"Backprop\": {");
        return Refusal.ExpectAsync(BuiltProgram.Coordinator, "", "appsettings.json|not JSON", directory);
    }

    [Fact]
    public Task Train_VariableAndKey_VariableWins()
    {
        directory.Write("appsettings.json", """{ "Backprop": { "epochs": -1 } }""");
        return Refusal.ExpectAsync(
            BuiltProgram.Coordinator, "", "BACKPROP_EPOCHS=-2", directory, [("BACKPROP_EPOCHS", "-2")]);
    }

    [Fact]
    public Task Train_CommandLineAndVariable_CommandLineWins() => Refusal.ExpectAsync(
        BuiltProgram.Coordinator, "--epochs -3", "--epochs -3", directory, [("BACKPROP_EPOCHS", "-2")]);

    [Fact]
    public Task Worker_SectionOfTheCoordinator_IsNotItsOwn()
    {
        directory.Write("appsettings.json", """{ "Backprop": { "epochs": 3 }, "BackpropWorker": { "threads": 0 } }""");
        return Refusal.ExpectAsync(BuiltProgram.Worker, "", "\"threads\": 0 in appsettings.json|from 1", directory);
    }
}
