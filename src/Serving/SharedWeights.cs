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
    private const int Places = 3;

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
            SharedModels made = SharedModels.Create(SharedDirectory.NewPath(), shape, Places);

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
}
