namespace Backprop.Core.Elements;

/// <summary>x + y.</summary>
internal readonly struct Sum : IElementPairMap
{
    public T Map<T>(T x, T y)
        where T : struct, IElements<T> => x + y;
}
