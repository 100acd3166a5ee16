namespace Backprop.Faults;

/// <summary>One kind of harm, and what is measured of it.</summary>
internal interface IMeasurement
{
    /// <summary>The command's name, and the section's.</summary>
    string Name { get; }

    string Description { get; }

    /// <summary>Faults by default.</summary>
    int Repeats { get; }

    /// <exception cref="MeasurementException">A run did not do what it must, whatever the figures.</exception>
    Task MeasureAsync(int count, ReportSection section, CancellationToken cancellation);
}

/// <summary>What cannot be measured, or must not happen, in one line.</summary>
internal sealed class MeasurementException(string message) : Exception(message);
