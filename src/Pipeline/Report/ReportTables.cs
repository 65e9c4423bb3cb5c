using System.Globalization;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Report;

/// <summary>A table of a report, for any rendering.</summary>
internal sealed record ReportTable(IReadOnlyList<string> Head, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>The report's tables: what Markdown and HTML both show.</summary>
internal static class ReportTables
{
    private const string None = "–";

    /// <summary>The run in one row a stage: what it made, by every benchmark as the paper's tables have it, or the data that it kept.</summary>
    public static ReportTable Stages(RunReport report)
    {
        var benchmarks = Benchmarks(report);
        string[] rewardModels = report.Stages.Any(stage => stage.Metrics.ContainsKey(MetricNames.HeldOutAccuracy)) ? ["held-out accuracy"] : [];
        return new(
            ["stage", "kind", "steps", .. benchmarks.Select(name => benchmarks.Count > 1 ? $"{name}: pass@1 ± 95 % / cons@k" : "pass@1 ± 95 % / cons@k"), "kept of samples", .. rewardModels],
            [.. report.Stages.Select(stage => (IReadOnlyList<string>)
            [
                stage.Label, stage.ReusedFrom is { } origin ? $"{stage.Kind}, reused from {origin.RunId}" : stage.Kind, stage.Steps.ToString(CultureInfo.InvariantCulture),
                .. benchmarks.Select(name => PassAt1(stage.AfterBy(name))), Kept(stage), .. rewardModels.Select(_ => Maybe(stage.Metrics.TryGetValue(MetricNames.HeldOutAccuracy, out var accuracy) ? accuracy : null)),
            ])]);

        static string PassAt1(EvaluationFigures? figures) => figures?.ConsAtK is { } vote ? $"{ReportTables.PassAt1(figures)} / {Share(vote)}" : ReportTables.PassAt1(figures);
    }

    /// <summary>A benchmark: each stage's model by every figure.</summary>
    public static ReportTable Results(RunReport report, string benchmark)
    {
        var figures = report.Stages.Select(stage => (stage.Label, stage.AfterBy(benchmark))).Where(row => row.Item2 is not null).ToList();
        var rewards = figures.SelectMany(row => row.Item2!.Rewards.Keys).Distinct().Order(StringComparer.Ordinal).ToList();
        return new(
            ["stage", "greedy accuracy", "greedy format", "pass@1 ± 95 %", "pass@k", "cons@k", "format", .. rewards, "mean length", "problems × k"],
            [.. figures.Select(row => Row(row.Label, row.Item2!))]);

        IReadOnlyList<string> Row(string stage, EvaluationFigures figures) =>
        [
            stage, Maybe(figures.GreedyAccuracy), Maybe(figures.GreedyFormat), PassAt1(figures), Maybe(figures.PassAtK), Maybe(figures.ConsAtK), Maybe(figures.Format),
            .. rewards.Select(name => figures.Rewards.TryGetValue(name, out var mean) ? Share(mean) : None), Number(figures.MeanLength),
            string.Create(CultureInfo.InvariantCulture, $"{figures.Problems} × {figures.Samples}"),
        ];
    }

    /// <summary>The run's benchmarks by name, the main one first.</summary>
    public static IReadOnlyList<string> Benchmarks(RunReport report) => [.. report.Stages.SelectMany(stage => stage.Benchmarks).Select(benchmark => benchmark.Name).Distinct()];

    /// <summary>pass@1 with its interval.</summary>
    public static string PassAt1(EvaluationFigures? figures) =>
        figures?.PassAt1 is not { } mean ? None : figures.PassAt1Interval is { } half ? $"{Share(mean)} ± {Share(half)}" : Share(mean);

    // Of dynamic sampling, the last iteration: what was asked and generated in vain belongs into the table.
    private static string Kept(StageReport stage) =>
        stage.Metrics.TryGetValue(MetricNames.SamplesKept, out var kept) ? string.Create(CultureInfo.InvariantCulture, $"{kept:0} of {stage.Metrics.GetValueOrDefault(MetricNames.Samples):0}")
        : stage.Metrics.ContainsKey(MetricNames.Rounds) ? string.Create(CultureInfo.InvariantCulture,
            $"{stage.Metrics.GetValueOrDefault(MetricNames.QuestionsUseful) - stage.Metrics.GetValueOrDefault(MetricNames.QuestionsSurplus):0} of {stage.Metrics.GetValueOrDefault(MetricNames.Questions):0} questions (last step)")
        : None;

    private static string Maybe(double? share) => share is { } value ? Share(value) : None;

    /// <summary>Where the time went.</summary>
    public static ReportTable Time(RunReport report) => new(
        ["stage", "wall s", "generation s", "reward s", "update s", "storage s", "waiting s", "overhead"],
        [.. report.Stages.Select(stage => Row(stage.Label, stage.Time)), Row("all, evaluations included", report.Time)]);

    /// <summary>What was planned and what it took.</summary>
    public static ReportTable Plan(PlanComparison plan) => new(
        ["stage", "generated, planned", "generated", "trained, planned", "trained", "wall s, planned", "wall s"],
        [.. plan.Stages.Select(stage => (IReadOnlyList<string>)
        [
            stage.Label, Count(stage.PlannedGenerated), Count(stage.Generated), Count(stage.PlannedTrained), Count(stage.Trained),
            stage.PlannedSeconds is { } seconds ? Number(seconds) : "no estimate", Number(stage.Seconds),
        ])]);

    /// <summary>Useful and wasted worker time in a sentence.</summary>
    public static string Workers(PlanComparison plan)
    {
        var time = plan.Workers;
        return $"Planned for {plan.Device}. Worker time: {Number(time.Paid)} s, of which useful {Part(time.Useful)}, recomputed {Part(time.Recomputed)} (estimated), idle {Part(time.Idle)}; "
            + $"attempts failed: {time.Failed}, lost: {time.Lost}, preempted: {time.Preempted}.";

        string Part(double seconds) => time.Paid > 0 ? $"{Number(seconds)} s ({(seconds / time.Paid).ToString("0.0 %", CultureInfo.InvariantCulture)})" : $"{Number(seconds)} s";
    }

    /// <summary>Where the checkpoints are.</summary>
    public static ReportTable Checkpoints(RunReport report) => new(
        ["stage", "checkpoint"],
        [.. report.Stages.Where(stage => stage.Checkpoint is not null).Select(stage => (IReadOnlyList<string>)[stage.Label, stage.Checkpoint!])]);

    /// <summary>The overlap check in a sentence.</summary>
    public static string Overlap(RunReport report) => report.Overlap switch
    {
        null => "Whether evaluation problems occur in the training data was not checked.",
        0 => "None of the evaluation problems occurs in the training data (checked).",
        var overlap => $"Warning: {overlap} evaluation problems occur in the training data; the figures above are not held-out.",
    };

    /// <summary>A share with three digits.</summary>
    public static string Share(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Count(double? value) => value?.ToString("#,0", CultureInfo.InvariantCulture) ?? "not known";

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static IReadOnlyList<string> Row(string stage, Runs.TimeBreakdown time) =>
    [
        stage, Number(time.Wall), Number(time.Generation), Number(time.Reward), Number(time.Update), Number(time.Storage), Number(time.Waiting),
        time.Overhead.ToString("0.0 %", CultureInfo.InvariantCulture),
    ];
}
