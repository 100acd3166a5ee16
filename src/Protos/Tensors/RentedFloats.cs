using System.Buffers;

namespace Backprop.Protos.Tensors;

/// <summary>An array of floats from the shared pool, given back once.</summary>
public sealed class RentedFloats(int length)
{
    private float[]? values = ArrayPool<float>.Shared.Rent(length);

    public float[] Values => values ?? throw new ObjectDisposedException(nameof(RentedFloats));

    public void Return()
    {
        float[]? returned = Interlocked.Exchange(ref values, null);
        if (returned is not null)
            ArrayPool<float>.Shared.Return(returned);
    }
}
