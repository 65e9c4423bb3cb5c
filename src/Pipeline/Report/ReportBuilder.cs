using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Report;

/// <summary>Gathers a run's report from its stages' results, metrics and example answers.</summary>
internal sealed class ReportBuilder(IBlobStore blobs, MetricsReader metrics, PlanComparer plans, RelativeCurves relatives,
    IWorkerPool pool, PipelineOptions options)
{
    private const int SamplePairs = 3;

    /// <summary>Builds the report.</summary>
    public async Task<RunReport> BuildAsync(RunSpec run, Recipe recipe, IReadOnlyDictionary<string, StageResult> results,
        CancellationToken cancellation)
    {
        var stages = new List<StageReport>();
        var samples = new List<double>();
        foreach (var (name, settings) in recipe.Stages)
        {
            var before = settings.From is { } from ? results[from].Evaluation : null;
            var stage = await StageAsync(run.Id, name, settings, results[name], before, CurveOf(recipe, settings), cancellation);
            stages.Add(stage);
            samples.Add(await DrawnAsync(run.Id, settings, results[name], cancellation));
        }

        var startedAt = results.Values.Min(result => result.StartedAt);
        // A stage's end is that of its own jobs; its evaluation follows.
        var endedAt = results.Values.Max(result => Instants.After(result.EndedAt, TimeSpan.FromSeconds(result.Evaluation?.Time.Wall ?? 0)));
        var overlaps = results.Values
            .SelectMany(result =>
                result.Evaluation is { } evaluation
                ? evaluation.Benchmarks.Select(benchmark =>
                    Get(evaluation.Metrics, MetricNames.OfBenchmark(MetricNames.EvalOverlap, benchmark.Name))) : [])
            .OfType<double>()
            .ToList();
        var usage = (await pool.GetAsync(run.Id, cancellation)).Usage;
        var cost = usage is null
            ? RunCosts.Of(options, recipe.Workers.Count, Instants.Between(startedAt, endedAt)) : RunCosts.Of(options, usage);
        var plan = await plans.CompareAsync(run.Id, recipe, results, Instants.Between(startedAt, endedAt), cancellation);
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
            Time = SideBySide.Time(results, recipe.Stages.Keys),
            Cost = cost,
            Costing = RunCosting.Of(cost, usage, recipe.Workers.Count, stages.Zip(samples), plan.Workers),
            Plan = plan,
            Bands = BandReport.Of(recipe, stages),
            Controls = ControlReport.Of(recipe, stages),
            Relatives = await relatives.OfAsync(run, recipe, cancellation),
            Overlap = overlaps.Count > 0 ? (int)overlaps.Sum() : null,
        };
    }

    // The samples that the run itself drew to train or to keep.
    private async Task<double> DrawnAsync(string runId, StageRecipe settings, StageResult result, CancellationToken cancellation)
    {
        if (result.ReusedFrom is not null) return 0;
        return settings is RlStage
            ? (await metrics.ReadAsync(runId, result.Label, cancellation)).Sum(row => Get(row.Values, MetricNames.Samples) ?? 0)
            : settings is SampleStage ? Get(result.Metrics, MetricNames.Samples) ?? 0 : 0;
    }

    /// <summary>The benchmark whose points make a stage's held-out curve.</summary>
    internal static string? CurveOf(Recipe recipe, StageRecipe settings) =>
        (settings is EvaluateStage evaluate ? evaluate.Evaluation : recipe.Evaluation)?.OfCurve().Key;

    private async Task<StageReport> StageAsync(
        string runId, string name, StageRecipe settings, StageResult result, EvaluationResult? before, string? curve,
            CancellationToken cancellation)
    {
        var kind = settings.Kind();
        if (result.Evaluation is null) before = null; // data, a reward model: it does not change what is measured
        var rows = await metrics.ReadAsync(runId, result.Label, result.ReusedFrom, cancellation);
        var held = curve is null ? null : MetricNames.OfBenchmark(MetricNames.EvalMeanLength, curve);
        var evaluations = rows.Where(row => held is not null && row.Values.ContainsKey(held))
            .Select(row => EvaluationPoint(row.Step, row.Values, curve!));
        if (before is not null && kind != "evaluate" && held is not null && before.Metrics.ContainsKey(held))
            evaluations = evaluations.Prepend(EvaluationPoint(0, before.Metrics, curve!));
        var stage = new StageReport
        {
            Name = name,
            Label = result.Label,
            Kind = kind,
            From = settings.From,
            Steps = result.Steps,
            Checkpoint = result.Checkpoint,
            ReusedFrom = result.ReusedFrom,
            Benchmarks =
                [.. result.Evaluation?.Benchmarks.Select(benchmark =>
                    new BenchmarkReport(benchmark.Name, Figures(before, benchmark.Name), Figures(result.Evaluation, benchmark.Name)))
                    ?? []],
            Effects = kind == "evaluate" ? [] : await EffectsAsync(before, result.Evaluation, cancellation),
            Evaluations = [.. evaluations],
            Training = [.. rows.Where(row => row.Values.ContainsKey(MetricNames.RewardMean)).Select(TrainingPoint)],
            EmptyBands = rows.Count(row => row.Values.GetValueOrDefault(MetricNames.CurriculumProblems) > 0
                && row.Values.GetValueOrDefault(MetricNames.CurriculumInBand) == 0),
            Time = result.Time,
            EvaluationSeconds = result.Evaluation?.Time.Wall ?? 0,
            Metrics = result.Metrics,
            Samples = Pair(await SamplesAsync(FirstSamples(before), cancellation),
                await SamplesAsync(FirstSamples(result.Evaluation), cancellation)),
        };
        return stage with { Summary = StageSentence.Of(stage) };
    }

    private async Task<IReadOnlyList<StageEffect>> EffectsAsync(EvaluationResult? before, EvaluationResult? after,
        CancellationToken cancellation)
    {
        var effects = new List<StageEffect>();
        foreach (var benchmark in after?.Benchmarks ?? [])
        {
            if (await MeasuredAsync(before, benchmark.Name) is { } earlier && await MeasuredAsync(after, benchmark.Name) is { } later)
                effects.AddRange(StageEffects.Of(benchmark.Name, earlier, later));
        }
        return effects;

        async Task<MeasuredModel?> MeasuredAsync(EvaluationResult? evaluation, string benchmark)
        {
            if (Figures(evaluation, benchmark) is not { } figures) return null;
            var path = evaluation!.Benchmarks.First(measured => measured.Name == benchmark).Problems;
            return new(figures,
                path is not null && await blobs.TryReadAsync(path, cancellation) is { } data
                ? [.. JsonLines.Read<ProblemFigures>(data, path)] : []);
        }
    }

    /// <summary>A held-out point of a curve.</summary>
    internal static CurvePoint EvaluationPoint(int step, IReadOnlyDictionary<string, double> values, string benchmark)
    {
        double? Of(string metric) => Get(values, MetricNames.OfBenchmark(metric, benchmark));
        return new(step, Of(MetricNames.EvalGreedyAccuracy), Of(MetricNames.EvalGreedyFormat), Of(MetricNames.EvalMeanLength),
            Language: Of(MetricNames.EvalGreedy + "language"));
    }

    /// <summary>A training point of a curve.</summary>
    internal static CurvePoint TrainingPoint(MetricsRow row) => new(
        row.Step,
        Get(row.Values, MetricNames.Accuracy),
        Get(row.Values, MetricNames.Format),
        Get(row.Values, MetricNames.MeanLength),
        Get(row.Values, MetricNames.RewardMean),
        Get(row.Values, MetricNames.RewardOf("language/consistency")),
        Get(row.Values, MetricNames.Kl),
        Get(row.Values, MetricNames.Entropy));

    private static EvaluationFigures? Figures(EvaluationResult? evaluation, string benchmark)
    {
        if (evaluation is null || !evaluation.Benchmarks.Any(measured => measured.Name == benchmark)) return null;
        double? Of(string metric) => Get(evaluation.Metrics, MetricNames.OfBenchmark(metric, benchmark));
        double Need(string metric) =>
            Of(metric) ?? throw new StorageException(
                $"Benchmark '{benchmark}' lacks the figure '{metric}'; there are: {string.Join(", ", evaluation.Metrics.Keys.Order(StringComparer.Ordinal))}.");
        return new()
        {
            GreedyAccuracy = Of(MetricNames.EvalGreedyAccuracy),
            GreedyFormat = Of(MetricNames.EvalGreedyFormat),
            PassAt1 = Of(MetricNames.EvalPassAt1),
            PassAt1Interval = Of(MetricNames.EvalPassAt1Interval),
            PassAtK = Of(MetricNames.EvalPassAtK),
            ConsAtK = Of(MetricNames.EvalConsAtK),
            Format = Of(MetricNames.EvalFormat),
            Rewards = MetricNames.EvalRewards(evaluation.Metrics, benchmark),
            MeanLength = Need(MetricNames.EvalMeanLength),
            Problems = (int)Need(MetricNames.EvalProblems),
            Samples = (int)Need(MetricNames.EvalSamples),
        };
    }

    private static string? FirstSamples(EvaluationResult? evaluation) => evaluation?.Benchmarks is [var first, ..] ? first.Samples : null;

    private static double? Get(IReadOnlyDictionary<string, double> values, string name) =>
        values.TryGetValue(name, out var value) ? value : null;

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

    // One sample a question, the greedy one where there is one.
    private static IEnumerable<Sample> Preferred(IReadOnlyList<Sample> samples) =>
        samples.GroupBy(sample => sample.Question).Select(group => group.FirstOrDefault(sample => sample.Greedy == true) ?? group.First());
}
