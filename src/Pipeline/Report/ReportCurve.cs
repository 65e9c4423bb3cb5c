namespace R1Cloud.Pipeline.Report;

/// <summary>A stage's learning curve as a picture.</summary>
internal static class ReportCurve
{
    /// <summary>Whether the stage has a curve worth drawing.</summary>
    public static bool Has(StageReport stage) => stage.Training.Count > 0 || stage.Evaluations.Count > 1;

    /// <summary>Accuracy and format over the steps, the mean length below.</summary>
    public static string Draw(StageReport stage) => SvgChart.Draw($"Learning curve of stage {stage.Label}", stage.Kind == "rl" ? "iteration" : "step",
    [
        new("Accuracy and format", "share of answers",
        [
            new("accuracy, training", 1, Points(stage.Training, point => point.Accuracy), Faint: true),
            new("format, training", 2, Points(stage.Training, point => point.Format), Faint: true),
            new("accuracy, held-out", 1, Points(stage.Evaluations, point => point.Accuracy), Dots: true),
            new("format, held-out", 2, Points(stage.Evaluations, point => point.Format), Dots: true),
        ], Unit: true),
        new("Mean length", "tokens an answer",
        [
            new("training", 3, Points(stage.Training, point => point.MeanLength), Faint: true),
            new("held-out", 3, Points(stage.Evaluations, point => point.MeanLength), Dots: true),
        ]),
    ]);

    private static List<(double X, double Y)> Points(IReadOnlyList<CurvePoint> curve, Func<CurvePoint, double?> figure) =>
        [.. curve.Where(point => figure(point) is not null).Select(point => ((double)point.Step, figure(point)!.Value))];
}
