using System.Text.Json;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Datasets;

/// <summary>Leaves out preference pairs that say little, or from which a model would learn that longer is better.</summary>
internal static class PairSelection
{
    /// <summary>The pairs that stay, in the order given.</summary>
    /// <param name="filters">What is left out.</param>
    /// <param name="rows">Rows of the layout preferences.</param>
    public static List<DataRow> Keep(this PairFilters filters, List<DataRow> rows)
    {
        var kept = rows.Where(row =>
            !row.Fields.TryGetValue("gap", out var gap) || gap.ValueKind != JsonValueKind.Number || gap.GetDouble() >= filters.MinimumGap)
            .ToList();
        return filters.LengthTolerance is { } tolerance ? MatchLengths(kept, tolerance) : kept;
    }

    // The pairs that add most to the difference go first, until the means are near; ties go by id, so that order in the files has no say.
    private static List<DataRow> MatchLengths(List<DataRow> rows, double tolerance)
    {
        var lengths =
            rows.ToDictionary(row => row.Id, row => (Chosen: Length(row, "chosen"), Rejected: Length(row, "rejected")),
                StringComparer.Ordinal);
        long chosen = lengths.Values.Sum(pair => pair.Chosen), rejected = lengths.Values.Sum(pair => pair.Rejected);
        var sign = Math.Sign(chosen - rejected);
        var dropped = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, pair) in lengths.OrderByDescending(entry => sign * (entry.Value.Chosen - entry.Value.Rejected))
            .ThenBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (sign * (chosen - rejected) <= tolerance * (chosen + rejected) / 2) break;
            dropped.Add(id);
            (chosen, rejected) = (chosen - pair.Chosen, rejected - pair.Rejected);
        }
        return [.. rows.Where(row => !dropped.Contains(row.Id))];
    }

    private static long Length(DataRow row, string column) => row.Fields[column].GetString()!.Length;
}
