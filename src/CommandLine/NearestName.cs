namespace Backprop.CommandLine;

/// <summary>Finds the name that somebody probably meant.</summary>
public static class NearestName
{
    /// <summary>The name with the fewest edits to <paramref name="given"/>; null when none is near.</summary>
    public static string? Find(string given, IEnumerable<string> names)
    {
        string? nearest = null;
        int fewest = int.MaxValue;
        foreach (string name in names)
        {
            int edits = Edits(given.ToLowerInvariant(), name.ToLowerInvariant());

            // "--learn" and "--learnrate" are far from "--learning-rate" in edits, but nothing else begins like it.
            int common = CommonPrefix(given, name);
            if (edits > Math.Max(2, given.Length / 3) && !(common >= 5 && common * 2 >= name.Length - 2))
                continue;
            if (edits < fewest)
                (nearest, fewest) = (name, edits);
        }

        return nearest;
    }

    private static int CommonPrefix(string a, string b)
    {
        int length = 0;
        while (length < a.Length && length < b.Length && a[length] == b[length])
            length++;
        return length;
    }

    /// <summary>Letters to insert, delete or replace: Levenshtein's distance, one row of its table at a time.</summary>
    private static int Edits(string a, string b)
    {
        int[] above = Enumerable.Range(0, b.Length + 1).ToArray();
        for (int i = 1; i <= a.Length; i++)
        {
            int[] row = new int[b.Length + 1];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(above[j], row[j - 1]) + 1);
            }

            above = row;
        }

        return above[b.Length];
    }
}
