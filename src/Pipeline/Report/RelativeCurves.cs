using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Report;

/// <summary>Gathers the curves of the runs that share iterations with a run.</summary>
internal sealed class RelativeCurves(IRunStore runs, IBlobStore blobs, RunRelatives relatives, MetricsReader metrics)
{
    // The newest ones: a run may have any number of forks.
    private const int Most = 8;

    /// <summary>Them, as they stand.</summary>
    public async Task<IReadOnlyList<RelativeReport>> OfAsync(RunSpec run, Recipe recipe, CancellationToken cancellation)
    {
        var reports = new List<RelativeReport>();
        foreach (var other in (await relatives.OfAsync(run, cancellation)).TakeLast(Most))
        {
            if (await runs.TryGetAsync(other.RunId, cancellation) is not { } spec) continue;
            var curves = new Dictionary<string, RelativeCurve>();
            var theirs = spec.ParseRecipe();
            var generation = await runs.TryGetGenerationAsync(spec.Id, cancellation);
            var input = new RunInput(spec.Id, generation?.Number ?? 0, generation?.Revisions);
            // Stages before the parting are the same in both.
            foreach (var name in recipe.Stages.Keys.SkipWhile(name => name != other.Stage).Where(theirs.Stages.ContainsKey))
            {
                if (await CurveAsync(input, theirs, name, cancellation) is { } curve) curves[name] = curve;
            }
            reports.Add(new(other.RunId, other.Relation, other.Stage, other.Iteration, [.. other.Differences.Select(Words)], curves));
        }
        return reports;
    }

    private async Task<RelativeCurve?> CurveAsync(RunInput run, Recipe recipe, string name, CancellationToken cancellation)
    {
        var label = run.Label(name);
        var record = await blobs.TryReadJsonAsync<StageRecord>(BlobLayout.StageRecord(run.RunId, label), cancellation);
        var rows = await metrics.ReadAsync(run.RunId, label, record?.Result?.ReusedFrom, cancellation);
        if (rows.Count == 0) return null;
        var benchmark = ReportBuilder.CurveOf(recipe, recipe.Stages[name]);
        var held = benchmark is null ? null : MetricNames.OfBenchmark(MetricNames.EvalMeanLength, benchmark);
        return new(
            [.. rows.Where(row => held is not null && row.Values.ContainsKey(held))
                .Select(row => ReportBuilder.EvaluationPoint(row.Step, row.Values, benchmark!))],
            [.. rows.Where(row => row.Values.ContainsKey(MetricNames.RewardMean)).Select(ReportBuilder.TrainingPoint)]);
    }

    private static string Words(RecipeDifference difference) =>
        difference.To is { } value ? $"{difference.Path}={value}" : $"{difference.Path} left out";
}
