namespace R1Cloud.Pipeline.Report;

/// <summary>A stage's learning curve as a picture.</summary>
internal static class ReportCurve
{
    /// <summary>The name of a stage's own curve.</summary>
    public static string FileOf(StageReport stage) => $"curve-{stage.Label.Replace('/', '.')}.svg";

    /// <summary>Whether the stage has a curve worth drawing.</summary>
    // before and after alone is no curve
    public static bool Has(StageReport stage) => stage.Training.Count > 0 || stage.Evaluations.Count > 2;

    /// <summary>
    /// Accuracy, format and language over the steps; below, each in half a row, what else there are figures of: length, reward, KL,
    /// entropy.
    /// </summary>
    public static string Draw(StageReport stage)
    {
        ChartPanel[] panels =
        [
            new("Accuracy, format, language", "share of answers",
            [
                new("accuracy, training", 1, Points(stage.Training, point => point.Accuracy), Faint: true),
                new("format, training", 2, Points(stage.Training, point => point.Format), Faint: true),
                new("language, training", 4, Points(stage.Training, point => point.Language), Faint: true),
                new("accuracy, held-out", 1, Points(stage.Evaluations, point => point.Accuracy), Dots: true),
                new("format, held-out", 2, Points(stage.Evaluations, point => point.Format), Dots: true),
                new("language, held-out", 4, Points(stage.Evaluations, point => point.Language), Dots: true),
            ], Unit: true),
            new("Mean length", "tokens an answer",
            [
                new("training", 3, Points(stage.Training, point => point.MeanLength), Faint: true),
                new("held-out", 3, Points(stage.Evaluations, point => point.MeanLength), Dots: true),
            ], Half: true),
            new("Reward", "mean", [new("training", 1, Points(stage.Training, point => point.Reward))], Half: true),
            new("Entropy", "nats a token", [new("training", 2, Points(stage.Training, point => point.Entropy))], Half: true),
            new("KL from the reference", "nats a token", [new("training", 4, Points(stage.Training, point => point.Kl))], Half: true),
        ];
        var shown = panels.Where(panel => panel.Series.Any(line => line.Points.Count > 0)).ToList();
        return SvgChart.Draw($"Learning curve of stage {stage.Label}", stage.Kind == "rl" ? "iteration" : "step", shown);
    }

    private static List<(double X, double Y)> Points(IReadOnlyList<CurvePoint> curve, Func<CurvePoint, double?> figure) =>
        [.. curve.Where(point => figure(point) is not null).Select(point => ((double)point.Step, figure(point)!.Value))];
}
