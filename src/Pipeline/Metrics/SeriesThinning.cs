namespace R1Cloud.Pipeline.Metrics;

/// <summary>Chooses points of a long series so that its picture stays the same.</summary>
/// <remarks>
/// The series is cut into spans of equal numbers of points. Of each the first, the least, the greatest and the last are kept, so no peak is
/// lost, and the first of each value that is not finite, so no breakdown is.
/// </remarks>
internal static class SeriesThinning
{
    private const int KeptOfSpan = 4;

    /// <summary>The places of the points that are kept, in order; all of them where there are no more than wished.</summary>
    /// <param name="values">The series.</param>
    /// <param name="points">About how many are wished; values that are not finite may add three a span.</param>
    public static IReadOnlyList<int> Places(IReadOnlyList<double> values, int points)
    {
        if (values.Count <= points) return [.. Enumerable.Range(0, values.Count)];
        var spans = Math.Max(1, points / KeptOfSpan);
        var places = new List<int>(points);
        for (var span = 0; span < spans; span++) Keep(values, Begin(span), Begin(span + 1), places);
        return places;

        int Begin(int span) => (int)((long)values.Count * span / spans);
    }

    private static void Keep(IReadOnlyList<double> values, int begin, int end, List<int> places)
    {
        var kept = new SortedSet<int> { begin, end - 1 };
        var (least, greatest) = (-1, -1);
        var odd = new HashSet<double>();
        for (var i = begin; i < end; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                if (odd.Add(values[i])) kept.Add(i);
                continue;
            }
            if (least < 0 || values[i] < values[least]) least = i;
            if (greatest < 0 || values[i] > values[greatest]) greatest = i;
        }
        if (least >= 0) kept.UnionWith([least, greatest]);
        places.AddRange(kept);
    }
}
