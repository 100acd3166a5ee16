using Backprop.Core.Data;
using Backprop.Core.LinearAlgebra;

namespace Backprop.Core.Tests.Data;

/// <summary>All that is in a set, for comparison.</summary>
internal static class Contents
{
    /// <summary>The inputs of all examples, one after another.</summary>
    public static float[] Inputs(ExampleSet set)
    {
        float[] values = new float[set.Count * set.InputCount];
        set.CopyInputs([.. Enumerable.Range(0, set.Count)], new ColumnBlock(values, 0, set.InputCount, set.Count));
        return values;
    }

    /// <summary>The bytes that <see cref="DatasetFile"/> writes.</summary>
    public static byte[] Canonical(Dataset dataset)
    {
        using var stream = new MemoryStream();
        DatasetFile.Write(dataset, stream);
        return stream.ToArray();
    }
}
