using System.Text.Json;
using Backprop.Core;

namespace Backprop.CommandLine;

/// <summary>What sets a setting beside the command line: environment variables, then a section of appsettings.json.</summary>
public sealed class SettingSources
{
    private readonly Func<string, string?> variable;
    private readonly Dictionary<string, string> fileTexts = new(StringComparer.OrdinalIgnoreCase);
    private readonly string fileName;

    private SettingSources(Func<string, string?> variable, string fileName)
    {
        this.variable = variable;
        this.fileName = fileName;
    }

    /// <summary>Reads the environment of this process and appsettings.json of the working directory.</summary>
    /// <param name="section">The section that this program reads.</param>
    /// <param name="known">Every setting of the program; another key in the section is an error.</param>
    /// <exception cref="UserErrorException">The file is not JSON or has an unknown key.</exception>
    public static SettingSources OfProcess(string section, IEnumerable<Setting> known) =>
        Read(Environment.GetEnvironmentVariable, "appsettings.json", section, known);

    public static SettingSources Read(
        Func<string, string?> variable, string path, string section, IEnumerable<Setting> known)
    {
        var sources = new SettingSources(variable, Path.GetFileName(path));
        if (File.Exists(path))
            sources.ReadFile(path, section, known.Select(setting => setting.Key).Distinct().ToList());
        return sources;
    }

    /// <summary>The text that sets a setting and how its origin reads in an error; null when nothing sets it.</summary>
    public (string Text, string Given)? Find(Setting setting)
    {
        // An empty variable counts as unset: container files often declare variables that they leave empty.
        if (variable(setting.VariableName) is { Length: > 0 } text)
            return (text, $"{setting.VariableName}={text}");
        if (fileTexts.TryGetValue(setting.Key, out string? fromFile))
            return (fromFile, $"\"{setting.Key}\": {fromFile} in {fileName}");
        return null;
    }

    private void ReadFile(string path, string section, List<string> known)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                File.ReadAllBytes(path),
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new UserErrorException($"{fileName} is not a JSON object; it takes {{ \"{section}\": {{ … }} }}.");
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name.Equals(section, StringComparison.OrdinalIgnoreCase))
                    ReadSection(property.Value, section, known);
            }
        }
        catch (JsonException exception)
        {
            throw new UserErrorException(
                $"{fileName} in the working directory is not JSON: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                $"{fileName} in the working directory cannot be read: {exception.Message}", exception);
        }
    }

    private void ReadSection(JsonElement values, string section, List<string> known)
    {
        if (values.ValueKind != JsonValueKind.Object)
            throw new UserErrorException($"\"{section}\" in {fileName} is not an object of options and values.");
        foreach (JsonProperty property in values.EnumerateObject())
        {
            if (!known.Contains(property.Name, StringComparer.OrdinalIgnoreCase))
            {
                string hint = NearestName.Find(property.Name, known) is { } near
                    ? $"did you mean \"{near}\"?"
                    : "its keys are the options' names without dashes, such as \"seed\".";
                throw new UserErrorException(
                    $"Unknown key \"{property.Name}\" in section \"{section}\" of {fileName}; {hint}");
            }

            switch (property.Value.ValueKind)
            {
                case JsonValueKind.Null:
                    break;
                case JsonValueKind.String:
                    fileTexts[property.Name] = property.Value.GetString()!;
                    break;
                default:
                    fileTexts[property.Name] = property.Value.GetRawText();
                    break;
            }
        }
    }
}
