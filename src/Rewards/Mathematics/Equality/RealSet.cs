using R1Cloud.Rewards.Mathematics.Algebra;

namespace R1Cloud.Rewards.Mathematics.Equality;

/// <summary>
/// A set of real numbers that is a finite union of intervals and points: ordered break points, and whether each of them and each gap
/// belongs to it.
/// </summary>
internal sealed class RealSet
{
    private readonly List<(Quad Point, bool Inside)> points = [];
    private readonly List<bool> gaps;

    private RealSet(bool first) => gaps = [first];

    public static RealSet Empty { get; } = new(false);

    public static RealSet All { get; } = new(true);

    /// <summary>How many break points it has.</summary>
    public int Count => points.Count;

    public bool IsEmpty => points.Count == 0 && !gaps[0];

    /// <summary>The set of what a test accepts, when nothing changes between break points.</summary>
    /// <param name="breaks">The break points, in any order.</param>
    /// <param name="accepts">The test.</param>
    public static RealSet Create(IEnumerable<Quad> breaks, Func<Quad, bool> accepts)
    {
        var sorted = new List<Quad>();
        foreach (var point in breaks.Where(point => point.IsFinite).OrderBy(point => point.High).ThenBy(point => point.Low))
        {
            if (sorted.Count == 0 || !AreEqual(sorted[^1], point)) sorted.Add(point);
        }
        if (sorted.Count == 0) return new(accepts(0.7320508));
        var set = new RealSet(accepts(sorted[0] - 1));
        for (var i = 0; i < sorted.Count; i++)
        {
            var gap = i + 1 < sorted.Count ? (sorted[i] + sorted[i + 1]) * 0.5 : sorted[i] + 1;
            set.Add(sorted[i], accepts(sorted[i]), accepts(gap));
        }
        return set;
    }

    public static RealSet Interval(Quad low, Quad high, bool lowClosed, bool highClosed) =>
        Create([low, high], x => (AreEqual(x, low) ? lowClosed : x > low) && (AreEqual(x, high) ? highClosed : x < high));

    public static RealSet Points(IReadOnlyList<Quad> values) => Create(values, x => values.Any(value => AreEqual(x, value)));

    /// <summary>Joins two sets by a rule for each number: in the first, in the second.</summary>
    public static RealSet Combine(RealSet a, RealSet b, Func<bool, bool, bool> rule) =>
        Create(a.points.Concat(b.points).Select(item => item.Point), x => rule(a.Contains(x), b.Contains(x)));

    /// <summary>The whole numbers in it, where it is bounded and they are few; null otherwise.</summary>
    /// <param name="fromZero">Whether negative ones are left out.</param>
    public IReadOnlyList<int>? WholeNumbers(bool fromZero)
    {
        const int most = 64;
        if (points.Count == 0 || gaps[^1] || gaps[0] && !fromZero) return null;
        var (low, high) = (gaps[0] ? 0 : Math.Floor(points[0].Point.High), points[^1].Point.High);
        if (fromZero) low = Math.Max(0, low);
        return Math.Abs(low) > 1e6 || high - low > most ? null
            : [.. Enumerable.Range((int)low, Math.Max(0, (int)Math.Ceiling(high) - (int)low + 1)).Where(value => Contains(value))];
    }

    public bool Contains(Quad value)
    {
        int low = 0, high = points.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (AreEqual(points[middle].Point, value)) return points[middle].Inside;
            if (value < points[middle].Point) high = middle;
            else low = middle + 1;
        }
        return gaps[low];
    }

    public bool IsSame(RealSet other) =>
        gaps.SequenceEqual(other.gaps) && points.Count == other.points.Count
        && points.Zip(other.points).All(pair => pair.First.Inside == pair.Second.Inside && AreEqual(pair.First.Point, pair.Second.Point));

    private void Add(Quad point, bool inside, bool gap)
    {
        if (gaps[^1] == inside && inside == gap) return;
        points.Add((point, inside));
        gaps.Add(gap);
    }

    private static bool AreEqual(Quad a, Quad b) =>
        a.IsFinite && b.IsFinite ? (a - b).Abs().High <= 1e-20 * (1 + Math.Abs(a.High)) : a.High.Equals(b.High);
}
