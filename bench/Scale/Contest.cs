using System.Globalization;
using Backprop.Core.Model;

namespace Backprop.Scale;

/// <summary>A network and the examples of a step.</summary>
internal sealed record Contest(NetworkShape Shape, int MiniBatch)
{
    /// <summary>Reads such as 784-128-10@1024.</summary>
    /// <exception cref="ScaleException">Not such a text.</exception>
    public static Contest Parse(string text)
    {
        string[] parts = text.Split('@');
        try
        {
            if (parts.Length == 2 && int.TryParse(parts[1], CultureInfo.InvariantCulture, out int miniBatch) && miniBatch > 0)
                return new Contest(NetworkShape.Parse(parts[0]), miniBatch);
        }
        catch (ArgumentException error)
        {
            throw new ScaleException(error.Message);
        }

        throw new ScaleException($"{text} does not fit; it takes a network and a mini-batch, such as 784-128-10@1024.");
    }

    public override string ToString() => $"{Shape}@{MiniBatch}";
}

/// <summary>What cannot be simulated or checked, in one line.</summary>
internal sealed class ScaleException(string message, Exception? inner = null) : Exception(message, inner);
