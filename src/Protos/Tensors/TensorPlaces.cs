using Backprop.Core.Model;

namespace Backprop.Protos.Tensors;

/// <summary>
/// Where the numbers of a call's messages belong. gRPC shows whoever reads a message its bytes and nothing of the call; so this
/// goes with the flow of execution that waits for messages.
/// </summary>
public static class TensorPlaces
{
    /// <summary>From now on the caller's messages, and those of what it awaits, are read straight into these places.</summary>
    /// <typeparam name="THeader">NodeHeader or WeightsHeader.</typeparam>
    /// <param name="placesOf">
    /// The layers that a header's numbers are for, which nobody reads before the message is there and has been looked at; null where there are none
    /// yet, and an array is to hold them.
    /// </param>
    public static void Use<THeader>(Func<THeader, IReadOnlyList<LayerParameters>?> placesOf) => Flow<THeader>.PlacesOf.Value = placesOf;

    internal static IReadOnlyList<LayerParameters> Of<THeader>(THeader header) => Flow<THeader>.PlacesOf.Value?.Invoke(header) ?? [];

    private static class Flow<THeader>
    {
        public static readonly AsyncLocal<Func<THeader, IReadOnlyList<LayerParameters>?>?> PlacesOf = new();
    }
}
