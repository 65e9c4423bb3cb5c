using System.Globalization;

namespace R1Cloud.Pipeline.Model;

/// <summary>
/// Jobs in a status: those whose ids differ by their shards alone are one entry, <c>rl/000003/rollout/0-63</c>, so that a list stays short.
/// </summary>
internal static class JobRanges
{
    /// <summary>The entries of jobs, in order.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<string> jobIds)
    {
        var ranges = new List<(string Prefix, int First, int Last)>();
        foreach (var id in jobIds)
        {
            var at = id.LastIndexOf('/') + 1;
            var (prefix, shard) = (id[..at], int.Parse(id[at..], NumberStyles.None, CultureInfo.InvariantCulture));
            if (ranges.Count > 0 && ranges[^1] is var last && last.Prefix == prefix && last.Last + 1 == shard)
                ranges[^1] = last with { Last = shard };
            else ranges.Add((prefix, shard, shard));
        }
        return [.. ranges.Select(range => range.Prefix + Text(range.First) + (range.First == range.Last ? "" : "-" + Text(range.Last)))];
    }

    /// <summary>The jobs of entries; an entry without a range is a job's id.</summary>
    public static IEnumerable<string> Expand(IEnumerable<string> entries) => entries.SelectMany(entry =>
    {
        var at = entry.LastIndexOf('/') + 1;
        return entry[at..].Split('-') is [var first, var last] && Number(first) is { } from && Number(last) is { } to
            ? Enumerable.Range(from, to - from + 1).Select(shard => entry[..at] + Text(shard))
            : [entry];
    });

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
