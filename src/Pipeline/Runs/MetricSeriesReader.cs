using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Runs;

/// <summary>A run's figures by name and range, for curves.</summary>
internal sealed class MetricSeriesReader(RunService service, MetricsReader metrics)
{
    /// <summary>Most names of a stage in an answer.</summary>
    public const int MaxNames = 2_000;

    /// <summary>What figures there are.</summary>
    public async Task<MetricNamesView> NamesAsync(string id, CancellationToken cancellation)
    {
        var stages = new List<StageMetricNames>();
        foreach (var (label, rows) in await RowsAsync(await service.GetAsync(id, cancellation), cancellation))
        {
            var names = rows.SelectMany(row => row.Values.Keys).Distinct().Order(StringComparer.Ordinal).ToList();
            stages.Add(new(label, rows.Count, rows[0].Step, rows[^1].Step, [.. names.Take(MaxNames)],
                names.Count > MaxNames ? true : null));
        }
        return new(id, stages);
    }

    /// <summary>Figures, thinned.</summary>
    /// <exception cref="InvalidRequestException">There is no such stage, or it is too much for one answer.</exception>
    public async Task<MetricSeriesView> SeriesAsync(string id, MetricSeriesQuery query, CancellationToken cancellation)
    {
        var run = await service.GetAsync(id, cancellation);
        var wanted = RunData.Stages(run, query.Stage).Select(stage => stage.Label).ToHashSet(StringComparer.Ordinal);
        var ends = new Dictionary<string, int>(StringComparer.Ordinal);
        var series = new List<MetricSeries>();
        foreach (var (label, rows) in await RowsAsync(run, cancellation))
        {
            ends[label] = rows[^1].Step;
            if (wanted.Contains(label)) series.AddRange(SeriesOf(label, rows, query));
            query.Check(series);
        }
        return new(id, StepCursor.Format(ends), series);
    }

    private static IEnumerable<MetricSeries> SeriesOf(string label, IReadOnlyList<MetricsRow> rows, MetricSeriesQuery query)
    {
        // Whatever a range holds, the names are those of the whole stage: a curve that has no point there is an empty one.
        foreach (var name in rows.SelectMany(row => row.Values.Keys).Distinct().Where(query.Wants).Order(StringComparer.Ordinal)
            .Take(MetricSeriesQuery.MaxSeries + 1))
        {
            var points = rows.Where(row => query.Wants(row.Step) && row.Values.ContainsKey(name)).ToList();
            var places = SeriesThinning.Places([.. points.Select(row => row.Values[name])], query.Points);
            yield return new(label, name, points.Count, places.Count < points.Count, [.. places.Select(place => points[place].Step)],
                [.. places.Select(place => points[place].Values[name])],
                query.Times ? [.. places.Select(place => points[place].WallTime.ToUnixTimeMilliseconds())] : null);
        }
    }

    // The rows of the stages that have any.
    private async Task<IReadOnlyList<(string Label, IReadOnlyList<MetricsRow> Rows)>> RowsAsync(RunView run, CancellationToken cancellation)
    {
        var all = new List<(string, IReadOnlyList<MetricsRow>)>();
        foreach (var stage in run.Stages)
        {
            var rows = await metrics.ReadAsync(run.Id, stage.Label, stage.ReusedFrom, cancellation);
            if (rows.Count > 0) all.Add((stage.Label, rows));
        }
        return all;
    }
}
