using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Report;

/// <summary>The figures of the models stage after stage, as a picture.</summary>
internal static class StagesChart
{
    private const int FewestStages = 3;

    /// <summary>Whether there are enough measured models for a picture.</summary>
    public static bool Has(RunReport report) => Labels(report).Count >= FewestStages;

    /// <summary>For every benchmark its shares and, each in half a row, the mean length and what has a scale of its own.</summary>
    public static string Draw(RunReport report)
    {
        var labels = Labels(report);
        var benchmarks = ReportTables.Benchmarks(report);
        var panels = new List<ChartPanel>();
        foreach (var benchmark in benchmarks)
        {
            var families = Families(report, benchmark);
            var shares = families.Where(FigureText.IsShare).ToList();
            panels.Add(new(benchmark, "share of answers",
            [
                Line("pass@1", 1, benchmark, figures => figures.PassAt1 ?? figures.GreedyAccuracy),
                Line("format", 2, benchmark, figures => figures.Format ?? figures.GreedyFormat),
                .. shares.Select((family, index) => Line(family, 4 - index % 2, benchmark, Mean(family))),
            ], Unit: true));
        }
        panels.Add(new("Mean length", "tokens an answer",
            [.. benchmarks.Select((benchmark, index) => Line(benchmark, Colour(index), benchmark, figures => figures.MeanLength))],
            Half: true));
        foreach (var benchmark in benchmarks)
        {
            foreach (var family in Families(report, benchmark).Where(family => !FigureText.IsShare(family)))
                panels.Add(new($"{family}, {benchmark}", "mean", [Line(family, 1, benchmark, Mean(family))], Half: true));
        }
        return SvgChart.Draw("The figures stage after stage", "", panels, labels);

        ChartSeries Line(string name, int colour, string benchmark, Func<EvaluationFigures, double?> figure) => new(name, colour,
            [.. ReportTables.Measured(report, benchmark).Where(row => figure(row.After) is not null)
                .SelectMany(row => Point(labels.IndexOf(row.Stage), figure(row.After)!.Value))], Dots: true);

        // The line begins again at a model of its own and at a student, which do not go on from the model beside them.
        IEnumerable<(double X, double Y)> Point(int index, double value)
        {
            var stage = report.Stages.First(stage => stage.Label == labels[index]);
            if (index > 0 && (stage.From is null || ModelNames.IsStudent(stage.Name))) yield return (index, double.NaN);
            yield return (index, value);
        }
    }

    private static int Colour(int index) => index % 4 + 1;

    private static Func<EvaluationFigures, double?> Mean(string family) =>
        figures => figures.Rewards.TryGetValue(family, out var mean) ? mean : null;

    private static List<string> Families(RunReport report, string benchmark) =>
        [.. ReportTables.Measured(report, benchmark).SelectMany(row => row.After.Rewards.Keys).Distinct().Order(StringComparer.Ordinal)];

    private static List<string> Labels(RunReport report) =>
        [.. report.Stages.Where(stage => stage.Benchmarks.Any(benchmark => benchmark.After is not null)).Select(stage => stage.Label)];
}
