namespace R1Cloud.Shared.Recipes.Reading;

/// <summary>Finds the name that somebody probably meant.</summary>
internal static class Spelling
{
    /// <summary><c> (did you mean x?)</c>, or nothing when no candidate is near.</summary>
    public static string DidYouMean(string written, IEnumerable<string> candidates)
    {
        var (best, distance) = candidates.Select(c => (c, Distance(written, c))).DefaultIfEmpty(("", int.MaxValue))
            .MinBy(pair => pair.Item2);
        return distance <= Math.Max(1, Math.Min(written.Length, best.Length) / 3) ? $" (did you mean \"{best}\"?)" : "";
    }

    // Damerau–Levenshtein (neighbours may swap), blind to case; a name that merely begins another is near too.
    private static int Distance(string a, string b)
    {
        if (a.Length > 64) return int.MaxValue;
        (a, b) = (a.ToUpperInvariant(), b.ToUpperInvariant());
        if (a.Length >= 3 && (b.StartsWith(a, StringComparison.Ordinal) || b.EndsWith(a, StringComparison.Ordinal))) return 1;
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
