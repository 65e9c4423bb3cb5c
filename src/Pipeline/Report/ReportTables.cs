using System.Globalization;
using R1Cloud.Pipeline.Model;

namespace R1Cloud.Pipeline.Report;

/// <summary>A table of a report, for any rendering.</summary>
/// <param name="Head">The columns' names.</param>
/// <param name="Rows">The rows, each with a cell a column.</param>
public sealed record ReportTable(IReadOnlyList<string> Head, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>The table without columns in which no row says anything.</summary>
    /// <param name="empty">What such a cell holds.</param>
    internal ReportTable WithoutEmptyColumns(string empty)
    {
        var kept = Enumerable.Range(0, Head.Count).Where(column => Rows.Any(row => row[column] != empty)).ToList();
        return new([.. kept.Select(column => Head[column])],
            [.. Rows.Select(row => (IReadOnlyList<string>)[.. kept.Select(column => row[column])])]);
    }
}

/// <summary>The report's tables: what Markdown, HTML and the terminal all show.</summary>
public static class ReportTables
{
    private const string None = "–";

    /// <summary>The run in one row a stage: what it is, and what it did in a sentence.</summary>
    /// <param name="report">The report.</param>
    public static ReportTable Stages(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ReportTable(
            ["stage", "kind", "from", "steps", "time", "what it did"],
            [.. report.Stages.Select(stage => (IReadOnlyList<string>)
            [
                stage.Label, stage.Kind, stage.From ?? None, FigureText.Count(stage.Steps),
                stage.ReusedFrom is not null ? "reused" : FigureText.Duration(stage.Time.Wall),
                    stage.Summary.Length > 0 ? stage.Summary : None,
            ])]).WithoutEmptyColumns(None);
    }

    /// <summary>A benchmark: each stage's model by every figure that there is.</summary>
    /// <param name="report">The report.</param>
    /// <param name="benchmark">The benchmark's name.</param>
    public static ReportTable Results(RunReport report, string benchmark)
    {
        var figures = Measured(report, benchmark).ToList();
        var rewards = figures.SelectMany(row => row.After.Rewards.Keys).Distinct().Order(StringComparer.Ordinal).ToList();
        return new ReportTable(
            ["stage", "greedy", "greedy format", "pass@1 ± 95 %", "pass@k", "cons@k", "format", .. rewards, "length"],
            [.. figures.Select(row => Row(row.Stage, row.After))]).WithoutEmptyColumns(None);

        IReadOnlyList<string> Row(string stage, EvaluationFigures figures) =>
        [
            stage, Maybe(figures.GreedyAccuracy), Maybe(figures.GreedyFormat),
                figures.PassAt1 is { } mean ? FigureText.Share(mean, figures.PassAt1Interval) : None,
            Maybe(figures.PassAtK), Maybe(figures.ConsAtK), Maybe(figures.Format),
            .. rewards.Select(name => figures.Rewards.TryGetValue(name, out var mean) ? FigureText.Mean(name, mean) : None),
                Number(figures.MeanLength),
        ];
    }

    /// <summary>Where reused stages were taken from, in a sentence; null where there are none.</summary>
    /// <param name="report">The report.</param>
    public static string? Reused(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var origins = report.Stages.Where(stage => stage.ReusedFrom is not null).GroupBy(stage => stage.ReusedFrom!.RunId).ToList();
        return origins.Count == 0 ? null
            : $"Reused from {string.Join("; ", origins.Select(run => $"{run.Key}: {(run.Count() == report.Stages.Count ? "all stages" : string.Join(", ", run.Select(stage => stage.Label)))}"))}.";
    }

    /// <summary>The columns of <see cref="Row(BandReport)"/>.</summary>
    public static IReadOnlyList<string> BandHead { get; } = ["expected", "measured", "standard error", "questions", "verdict"];

    /// <summary>A band's row.</summary>
    /// <param name="band">The band.</param>
    public static IReadOnlyList<string> Row(BandReport band)
    {
        ArgumentNullException.ThrowIfNull(band);
        return [band.Expected, Maybe(band.Measured), Maybe(band.StandardError), band.Problems is { } count ? FigureText.Count(count) : None,
            band.Verdict];
    }

    /// <summary>The bands that the recipe expects, a row each.</summary>
    /// <param name="report">The report.</param>
    public static ReportTable Bands(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new(BandHead, [.. report.Bands.Select(Row)]);
    }

    /// <summary>The controls of the run's stages, a row each.</summary>
    /// <param name="report">The report.</param>
    public static ReportTable Controls(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new(["stage", "control", "stage gained", "control gained", "verdict"],
            [.. report.Controls.Select(control => (IReadOnlyList<string>)
                [control.Stage, control.Control, Gain(control.Gained), Gain(control.ControlGained), control.Verdict])]);

        static string Gain(double? gain) => gain is { } points ? FigureText.Change("accuracy", points, null) : None;
    }

    /// <summary>The runs that share iterations with it, a row each.</summary>
    /// <param name="report">The report.</param>
    public static ReportTable Relatives(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new(["run", "is its", "parts after", "differs in", "last accuracy", "last reward"],
            [.. report.Relatives.Select(other => (IReadOnlyList<string>)
            [
                other.RunId, other.Relation.ToString().ToLowerInvariant(), $"{other.Stage}:{FigureText.Count(other.Iteration)}",
                other.Differences.Count > 0 ? string.Join(", ", other.Differences) : "nothing",
                Maybe(Last(other, curve => curve.Evaluations.Count > 0 ? curve.Evaluations : curve.Training, point => point.Accuracy)),
                Last(other, curve => curve.Training, point => point.Reward) is { } reward ? Number(reward) : None,
            ])]);

        static double? Last(RelativeReport other, Func<RelativeCurve, IReadOnlyList<CurvePoint>> curve, Func<CurvePoint, double?> figure) =>
            other.Curves.GetValueOrDefault(other.Stage) is { } own
                ? curve(own).Select(figure).LastOrDefault(value => value is not null) : null;
    }

    /// <summary>How a benchmark measures, in a phrase: 256 held-out problems, k = 4.</summary>
    /// <param name="report">The report.</param>
    /// <param name="benchmark">The benchmark's name.</param>
    public static string Asked(RunReport report, string benchmark)
    {
        var asked = Measured(report, benchmark).Select(row => (row.After.Problems, row.After.Samples)).Distinct().ToList();
        return string.Join(" or ",
            asked.Select(one =>
                $"{FigureText.Count(one.Problems)} held-out problems, {(one.Samples == 0 ? "greedy answers" : $"k = {one.Samples}")}"));
    }

    /// <summary>The run's benchmarks by name, the main one first.</summary>
    /// <param name="report">The report.</param>
    public static IReadOnlyList<string> Benchmarks(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return [.. report.Stages.SelectMany(stage => stage.Benchmarks).Select(benchmark => benchmark.Name).Distinct()];
    }

    /// <summary>A mean of a family of rewards: in per cent where it is a share.</summary>
    /// <param name="family">The family, e.g. <c>language</c>.</param>
    /// <param name="mean">The mean.</param>
    public static string Mean(string family, double mean) => FigureText.Mean(family, mean);

    /// <summary>The models that a benchmark measured, in order.</summary>
    internal static IEnumerable<(string Stage, EvaluationFigures After)> Measured(RunReport report, string benchmark)
    {
        ArgumentNullException.ThrowIfNull(report);
        return report.Stages
            .Select(stage => (stage.Label, stage.Benchmarks.FirstOrDefault(measured => measured.Name == benchmark)?.After))
            .Where(row => row.After is not null)
            .Select(row => (row.Label, row.After!));
    }

    /// <summary>Where the time went.</summary>
    /// <param name="report">The report.</param>
    public static ReportTable Time(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new(
            ["stage", "wall s", "generation s", "reward s", "update s", "storage s", "waiting s", "overhead"],
            [
                .. report.Stages.Where(stage => stage.ReusedFrom is null).Select(stage => Row(stage.Label, stage.Time)),
                Row("all, evaluations included", report.Time),
            ]);
    }

    /// <summary>What each stage cost: in money where there is a price, else in worker time.</summary>
    /// <param name="costing">The costs.</param>
    public static ReportTable Costs(RunCosting costing)
    {
        ArgumentNullException.ThrowIfNull(costing);
        var priced = costing.BetweenAmount is not null;
        return new ReportTable(
            ["stage", "worker time", .. priced ? [$"cost {costing.Currency}"] : (string[])[], "a thousand samples", "a point of pass@1"],
            [
                .. costing.Stages.Select(stage => Row(stage.Label, stage.WorkerSeconds, stage.Amount,
                    stage.SecondsPerThousandSamples, stage.PerThousandSamples, stage.SecondsPerPoint, stage.PerPoint)),
                Row("between stages, idle", costing.BetweenSeconds, costing.BetweenAmount, null, null, null, null),
            ]).WithoutEmptyColumns(None);

        IReadOnlyList<string> Row(string name, double seconds, double? amount, double? samples, double? samplesAmount, double? point,
            double? pointAmount) =>
            [name, FigureText.Duration(seconds), .. priced ? [Money(amount)] : (string[])[], Either(samples, samplesAmount),
                Either(point, pointAmount)];

        string Either(double? seconds, double? amount) =>
            seconds is null ? None : priced ? Money(amount) : seconds.Value.ToString("0.0 s", CultureInfo.InvariantCulture);

        static string Money(double? amount) => amount?.ToString("0.00##", CultureInfo.InvariantCulture) ?? None;
    }

    /// <summary>On what nodes the time was spent and what interruptions cost, in a sentence.</summary>
    /// <param name="costing">The costs.</param>
    public static string Nodes(RunCosting costing)
    {
        ArgumentNullException.ThrowIfNull(costing);
        var lost = costing.LostAmount is { } amount
            ? string.Create(CultureInfo.InvariantCulture, $" ({amount:0.00##} {costing.Currency})") : "";
        return $"Spot {FigureText.Duration(costing.SpotSeconds)}, on demand {FigureText.Duration(costing.OnDemandSeconds)}. Preempted "
            + $"{FigureText.Count(costing.Preemptions)} times; work done again, estimated: "
            + $"{FigureText.Duration(costing.LostSeconds)}{lost}.";
    }

    /// <summary>What was planned and what it took.</summary>
    /// <param name="plan">The comparison.</param>
    public static ReportTable Plan(PlanComparison plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new(
            ["stage", "generated, planned", "generated", "trained, planned", "trained", "time, planned", "time"],
            [.. plan.Stages.Select(stage => (IReadOnlyList<string>)
            [
                stage.Label, Count(stage.PlannedGenerated), Count(stage.Generated), Count(stage.PlannedTrained), Count(stage.Trained),
                stage.PlannedSeconds is { } seconds ? FigureText.Duration(seconds) : "no estimate", FigureText.Duration(stage.Seconds),
            ])]);
    }

    /// <summary>Useful and wasted worker time in a sentence.</summary>
    /// <param name="plan">The comparison.</param>
    public static string Workers(PlanComparison plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var time = plan.Workers;
        return $"Planned for {plan.Device}. Worker time: {FigureText.Duration(time.Paid)}, of which useful {Part(time.Useful)}, "
            + $"recomputed {Part(time.Recomputed)} (estimated), idle {Part(time.Idle)}; "
            + $"attempts failed: {time.Failed}, lost: {time.Lost}, preempted: {time.Preempted}.";

        string Part(double seconds) =>
            time.Paid > 0 ? $"{FigureText.Duration(seconds)} ({FigureText.Share(seconds / time.Paid)})" : FigureText.Duration(seconds);
    }

    /// <summary>Where the checkpoints are.</summary>
    /// <param name="report">The report.</param>
    public static ReportTable Checkpoints(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new(["stage", "checkpoint"],
            [.. report.Stages.Where(stage => stage.Checkpoint is not null)
                .Select(stage => (IReadOnlyList<string>)[stage.Label, stage.Checkpoint!])]);
    }

    /// <summary>The overlap check in a sentence.</summary>
    /// <param name="report">The report.</param>
    public static string Overlap(RunReport report) => report?.Overlap switch
    {
        null => "Whether evaluation problems occur in the training data was not checked.",
        0 => "None of the evaluation problems occurs in the training data (checked).",
        var overlap => $"Warning: {overlap} evaluation problems occur in the training data; the figures above are not held-out.",
    };

    private static string Maybe(double? share) => share is { } value ? FigureText.Share(value) : None;

    private static string Count(double? value) => value is { } count ? FigureText.Count(count) : "not known";

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static IReadOnlyList<string> Row(string stage, TimeBreakdown time) =>
    [
        stage, Number(time.Wall), Number(time.Generation), Number(time.Reward), Number(time.Update), Number(time.Storage),
            Number(time.Waiting), FigureText.Share(time.Overhead),
    ];
}
