using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Stages.Reinforcement;

/// <summary>How long two kinds of work went on at once, by the workers' clocks.</summary>
internal static class JobOverlap
{
    /// <summary>Seconds in which at least one job of each list was running.</summary>
    public static double Seconds(IEnumerable<JobResult> first, IEnumerable<JobResult> second)
    {
        var others = Union(second);
        return Union(first).Sum(one => others.Sum(other =>
            Math.Max(0, Instants.Between(Max(one.Start, other.Start), Min(one.End, other.End)).TotalSeconds)));
    }

    // The spans that jobs cover, none of which touches another.
    private static List<(DateTimeOffset Start, DateTimeOffset End)> Union(IEnumerable<JobResult> jobs)
    {
        var spans = new List<(DateTimeOffset Start, DateTimeOffset End)>();
        foreach (var timing in jobs.Select(job => job.Timing).OrderBy(timing => timing.StartedAt))
        {
            var (start, end) = (timing.StartedAt, Instants.After(timing.StartedAt, TimeSpan.FromSeconds(timing.Total)));
            if (spans.Count > 0 && start <= spans[^1].End) spans[^1] = (spans[^1].Start, Max(spans[^1].End, end));
            else spans.Add((start, end));
        }
        return spans;
    }

    private static DateTimeOffset Min(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;

    private static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
