namespace Backprop.Core.Model;

/// <summary>The class that outputs stand for: the largest output, the first among equals.</summary>
public static class Answer
{
    public static int Of(ReadOnlySpan<float> outputs)
    {
        int largest = 0;
        for (int j = 1; j < outputs.Length; j++)
        {
            if (outputs[j] > outputs[largest])
                largest = j;
        }

        return largest;
    }
}
