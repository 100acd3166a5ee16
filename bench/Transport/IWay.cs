namespace Backprop.Transport;

/// <summary>
/// A way of carrying a step's tensors, seen from the coordinator's side: an exchange is a model's weights there and as many
/// numbers of its gradients back.
/// </summary>
internal interface IWay : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Makes as many exchanges, one after the other, as there is room for their times.</summary>
    /// <param name="times">Receives how long each took, in a timestamp's units.</param>
    Task ExchangeAsync(Memory<long> times);

    /// <summary>Ends the other side.</summary>
    /// <returns>Bytes that it allocated an exchange; 0 where there is no other side.</returns>
    Task<double> EndAsync();
}

/// <summary>What cannot be measured, in one line.</summary>
internal sealed class TransportException(string message) : Exception(message);
