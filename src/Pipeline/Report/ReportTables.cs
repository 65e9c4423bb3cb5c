using System.Globalization;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Report;

/// <summary>A table of a report, for any rendering.</summary>
internal sealed record ReportTable(IReadOnlyList<string> Head, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>The report's tables: what Markdown and HTML both show.</summary>
internal static class ReportTables
{
    private const string None = "–";

    /// <summary>Each stage's model before and after.</summary>
    public static ReportTable Results(RunReport report)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var stage in report.Stages)
        {
            if (stage.Before is { } before) rows.Add(Row(stage.Label, "before", before));
            if (stage.After is { } after) rows.Add(Row(stage.Label, "after", after));
        }
        return new(["stage", "model", "greedy accuracy", "greedy format", "pass@1 (k)", "format", "mean length", "problems"], rows);

        static IReadOnlyList<string> Row(string stage, string model, EvaluationFigures figures) =>
        [
            stage, model, Share(figures.GreedyAccuracy), Share(figures.GreedyFormat), $"{Share(figures.PassAt1)} ({figures.Samples})",
            Share(figures.Format), Number(figures.MeanLength), figures.Problems.ToString(CultureInfo.InvariantCulture),
        ];
    }

    /// <summary>The run in one row a stage: what it made, measured, or the data that it kept.</summary>
    public static ReportTable Stages(RunReport report) => new(
        ["stage", "kind", "steps", "greedy accuracy", "pass@1 ± 95 %", "pass@k", "cons@k", "format", "mean length", "kept of samples"],
        [.. report.Stages.Select(stage => (IReadOnlyList<string>)
        [
            stage.Label, stage.ReusedFrom is { } origin ? $"{stage.Kind}, reused from {origin.RunId}" : stage.Kind, stage.Steps.ToString(CultureInfo.InvariantCulture),
            Maybe(stage.After?.GreedyAccuracy), PassAt1(stage.After), Maybe(stage.After?.PassAtK), Maybe(stage.After?.ConsAtK), Maybe(stage.After?.Format),
            stage.After is { } after ? Number(after.MeanLength) : None, Kept(stage),
        ])]);

    /// <summary>pass@1 with its interval.</summary>
    public static string PassAt1(EvaluationFigures? figures) =>
        figures is null ? None : figures.PassAt1Interval is { } half ? $"{Share(figures.PassAt1)} ± {Share(half)}" : Share(figures.PassAt1);

    private static string Kept(StageReport stage) => stage.Metrics.TryGetValue(MetricNames.SamplesKept, out var kept)
        ? string.Create(CultureInfo.InvariantCulture, $"{kept:0} of {stage.Metrics.GetValueOrDefault(MetricNames.Samples):0}")
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
