using Backprop.Core.Model;
using Backprop.Protos.SharedMemory;

namespace Backprop.Serving;

/// <summary>
/// The run's weights in memory that all workers on this machine read where they stand. There are several places: the next
/// step's weights are written while a worker that is late still reads older ones.
/// </summary>
internal sealed class SharedWeights(NetworkShape shape)
{
    /// <summary>The weights in use, those to come, and those of a worker that is late.</summary>
    private const int PlacesAtLeast = 3;

    /// <summary>Of models so large or larger; smaller ones stay in every core's cache, where few places are the faster ones.</summary>
    private const long NumbersWorthTurns = 1 << 14;

    /// <summary>
    /// Places of small models are more, until they take up so many numbers, and are used in turn: memory that another core has read
    /// and still holds in its own cache takes longer to write than memory that it has let go.
    /// </summary>
    private const long NumbersInTurn = 1 << 19;

    private readonly Lazy<SharedModels?> memory = new(() => Create(shape));

    public NetworkShape Shape => shape;

    /// <summary>The memory, made at the first call; null when there is no room.</summary>
    public SharedModels? Memory => memory.Value;

    /// <summary>The memory, where somebody has asked for it.</summary>
    public SharedModels? MemoryInUse => memory.IsValueCreated ? memory.Value : null;

    private static SharedModels? Create(NetworkShape shape)
    {
        try
        {
            SharedModels made = SharedModels.Create(SharedDirectory.NewPath(), shape, PlacesFor(shape.ParameterCount));

            // For good: what was queued for a worker's call may be read after the run.
            made.Hold();
            if (OperatingSystem.IsLinux())
                made.Unlink();
            return made;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // No room: weights travel over gRPC.
            return null;
        }
    }

    private static int PlacesFor(long numbers) =>
        numbers < NumbersWorthTurns ? PlacesAtLeast : (int)Math.Max(PlacesAtLeast, NumbersInTurn / numbers);
}
