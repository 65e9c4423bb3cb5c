using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Stages;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Report;

/// <summary>Gathers a run's report from its stages' results, metrics and example answers.</summary>
internal sealed class ReportBuilder(IBlobStore blobs, MetricsReader metrics, PlanComparer plans, PipelineOptions options)
{
    private const int SamplePairs = 3;

    /// <summary>Builds the report.</summary>
    public async Task<RunReport> BuildAsync(RunSpec run, Recipe recipe, IReadOnlyDictionary<string, StageResult> results, CancellationToken cancellation)
    {
        var stages = new List<StageReport>();
        foreach (var (name, settings) in recipe.Stages)
        {
            var before = settings.From is { } from ? results[from].Evaluation : null;
            stages.Add(await StageAsync(run.Id, name, StageKinds.Of(settings).Name, results[name], before, cancellation));
        }

        var startedAt = results.Values.Min(result => result.StartedAt);
        var endedAt = results.Values.Max(result => result.EndedAt);
        var overlaps = results.Values
            .Where(result => result.Evaluation?.Metrics.ContainsKey(MetricNames.EvalOverlap) ?? false)
            .Select(result => (int)result.Evaluation!.Metrics[MetricNames.EvalOverlap])
            .ToList();
        return new()
        {
            RunId = run.Id,
            Name = run.Name,
            Description = recipe.Description,
            RecipeHash = run.Hash,
            Seed = recipe.Seed,
            StartedAt = startedAt,
            EndedAt = endedAt,
            Stages = stages,
            Time = results.Values.Aggregate(new TimeBreakdown(), (sum, result) => sum + result.Time + (result.Evaluation?.Time ?? new())),
            Cost = RunCosts.Of(options, recipe.Workers.Count, endedAt - startedAt),
            Plan = await plans.CompareAsync(run.Id, recipe, results, endedAt - startedAt, cancellation),
            Overlap = overlaps.Count > 0 ? overlaps.Sum() : null,
        };
    }

    private async Task<StageReport> StageAsync(
        string runId, string name, string kind, StageResult result, EvaluationResult? before, CancellationToken cancellation)
    {
        var rows = await metrics.ReadAsync(runId, result.Label, result.ReusedFrom, cancellation);
        var evaluations = rows.Where(row => row.Values.ContainsKey(MetricNames.EvalGreedyAccuracy)).Select(row => EvaluationPoint(row.Step, row.Values));
        if (before is not null && kind != "evaluate") evaluations = evaluations.Prepend(EvaluationPoint(0, before.Metrics));
        return new()
        {
            Name = name,
            Label = result.Label,
            Kind = kind,
            Steps = result.Steps,
            Checkpoint = result.Checkpoint,
            ReusedFrom = result.ReusedFrom,
            Before = Figures(before),
            After = Figures(result.Evaluation),
            Evaluations = [.. evaluations],
            Training = [.. rows.Where(row => row.Values.ContainsKey(MetricNames.RewardMean)).Select(TrainingPoint)],
            Time = result.Time,
            Metrics = result.Metrics,
            Samples = Pair(await SamplesAsync(before?.Samples, cancellation), await SamplesAsync(result.Evaluation?.Samples, cancellation)),
        };
    }

    private static CurvePoint EvaluationPoint(int step, IReadOnlyDictionary<string, double> values) => new(
        step,
        Get(values, MetricNames.EvalGreedyAccuracy),
        Get(values, MetricNames.EvalGreedyFormat),
        Get(values, MetricNames.EvalMeanLength));

    private static CurvePoint TrainingPoint(MetricsRow row) => new(
        row.Step,
        Get(row.Values, MetricNames.Accuracy),
        Get(row.Values, MetricNames.Format),
        Get(row.Values, MetricNames.MeanLength),
        Get(row.Values, MetricNames.RewardMean));

    private static EvaluationFigures? Figures(EvaluationResult? evaluation) => evaluation is not { Metrics: var values } ? null : new()
    {
        GreedyAccuracy = Require(values, MetricNames.EvalGreedyAccuracy),
        GreedyFormat = Require(values, MetricNames.EvalGreedyFormat),
        PassAt1 = Require(values, MetricNames.EvalPassAt1),
        PassAt1Interval = Get(values, MetricNames.EvalPassAt1Interval),
        PassAtK = Get(values, MetricNames.EvalPassAtK),
        ConsAtK = Get(values, MetricNames.EvalConsAtK),
        Format = Require(values, MetricNames.EvalFormat),
        MeanLength = Require(values, MetricNames.EvalMeanLength),
        Problems = (int)Require(values, MetricNames.EvalProblems),
        Samples = (int)Require(values, MetricNames.EvalSamples),
    };

    private static double? Get(IReadOnlyDictionary<string, double> values, string name) => values.TryGetValue(name, out var value) ? value : null;

    private static double Require(IReadOnlyDictionary<string, double> values, string name) => Get(values, name)
        ?? throw new StorageException($"An evaluation lacks the figure '{name}'; it has: {string.Join(", ", values.Keys.Order())}.");

    private async Task<IReadOnlyList<Sample>> SamplesAsync(string? path, CancellationToken cancellation) =>
        path is not null && await blobs.TryReadAsync(path, cancellation) is { } data ? [.. JsonLines.Read<Sample>(data, path)] : [];

    /// <summary>Questions that both models answered, those first that were learned; else whatever there is.</summary>
    internal static IReadOnlyList<SamplePair> Pair(IReadOnlyList<Sample> before, IReadOnlyList<Sample> after)
    {
        var earlier = Preferred(before).ToDictionary(sample => sample.Question);
        var pairs = Preferred(after)
            .Select(sample => new SamplePair(sample.Question, sample.Answer, earlier.GetValueOrDefault(sample.Question), sample))
            .OrderByDescending(pair => pair.Before is not null)
            .ThenByDescending(pair => pair is { Before.Correct: false, After.Correct: true })
            .ToList();
        if (pairs.Count == 0) pairs = [.. earlier.Values.Select(sample => new SamplePair(sample.Question, sample.Answer, sample, null))];
        return [.. pairs.Take(SamplePairs)];
    }

    /// <summary>One sample a question, the greedy one where there is one.</summary>
    private static IEnumerable<Sample> Preferred(IReadOnlyList<Sample> samples) =>
        samples.GroupBy(sample => sample.Question).Select(group => group.FirstOrDefault(sample => sample.Greedy == true) ?? group.First());
}
