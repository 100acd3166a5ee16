namespace Backprop.Core.Elements;

/// <summary>A function of one element.</summary>
internal interface IElementMap
{
    T Map<T>(T x)
        where T : struct, IElements<T>;
}

/// <summary>A function of two elements at the same position.</summary>
internal interface IElementPairMap
{
    T Map<T>(T x, T y)
        where T : struct, IElements<T>;
}

/// <summary>A function of three elements at the same position that gives new values of the first two.</summary>
internal interface IElementUpdate
{
    void Update<T>(ref T x, ref T y, T z)
        where T : struct, IElements<T>;
}
