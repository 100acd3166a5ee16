using Backprop.Core.Data;

namespace Backprop.Core.Tests.Model;

internal static class RandomExamples
{
    /// <summary>Inputs around 0 and any labels.</summary>
    public static ExampleSet Create(ulong seed, int count, int inputs, int classes)
    {
        var random = new RandomSource(seed, 77);
        float[] values = new float[count * inputs];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)random.NextGaussian();
        int[] labels = new int[count];
        for (int i = 0; i < count; i++)
            labels[i] = random.NextInt(classes);
        return ExampleSet.FromFloats(values, labels, inputs, classes);
    }

    /// <summary>Two classes as clouds around (0.3, …) and (0.7, …): easily learned.</summary>
    public static ExampleSet Clouds(ulong seed, int count, int inputs)
    {
        var random = new RandomSource(seed, 78);
        float[] values = new float[count * inputs];
        int[] labels = new int[count];
        for (int example = 0; example < count; example++)
        {
            labels[example] = random.NextInt(2);
            for (int k = 0; k < inputs; k++)
            {
                double centre = 0.3 + (0.4 * labels[example]);
                values[(example * inputs) + k] = (float)(centre + (0.15 * random.NextGaussian()));
            }
        }

        return ExampleSet.FromFloats(values, labels, inputs, 2);
    }
}
