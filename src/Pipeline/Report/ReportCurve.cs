namespace R1Cloud.Pipeline.Report;

/// <summary>A stage's learning curve as a picture.</summary>
internal static class ReportCurve
{
    // As many as there are colours beside the run's own.
    private const int MostRelatives = 3;

    /// <summary>The name of a stage's own curve.</summary>
    public static string FileOf(StageReport stage) => $"curve-{stage.Label.Replace('/', '.')}.svg";

    /// <summary>Whether the stage has a curve worth drawing.</summary>
    // before and after alone is no curve
    public static bool Has(StageReport stage) => stage.Training.Count > 0 || stage.Evaluations.Count > 2;

    /// <summary>
    /// Accuracy, format and language over the steps; below, each in half a row, what else there are figures of: length, reward, KL,
    /// entropy. Its controls are drawn under it, and runs that share iterations with it beside it.
    /// </summary>
    /// <param name="stage">The stage.</param>
    /// <param name="report">The report of its run.</param>
    public static string Draw(StageReport stage, RunReport? report = null)
    {
        var controls = (report?.Controls ?? []).Where(control => control.Stage == stage.Label)
            .Select((control, place) => (control.Control, Stage: report!.Stages.First(other => other.Label == control.Label),
                Colour: place + 2)).ToList();
        var others = (report?.Relatives ?? []).Where(other => other.Curves.ContainsKey(stage.Name)).Take(MostRelatives)
            .Select((other, place) => (other.RunId, Curve: other.Curves[stage.Name], Colour: place + 2)).ToList();
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
            new("Accuracy over that of its controls", "share of answers", controls.Count == 0 ? [] :
            [
                .. controls.Select(control => new ChartSeries(control.Control, control.Colour,
                    Best(new(control.Stage.Evaluations, control.Stage.Training), point => point.Accuracy), Dots: true)),
                new(stage.Label, 1, Best(new(stage.Evaluations, stage.Training), point => point.Accuracy), Dots: true),
            ], Unit: true),
            new("Accuracy of the runs that share its beginning", "share of answers", others.Count == 0 ? [] :
            [
                .. others.Select(other =>
                    new ChartSeries(other.RunId, other.Colour, Best(other.Curve, point => point.Accuracy), Dots: true)),
                new("this run", 1, Best(new(stage.Evaluations, stage.Training), point => point.Accuracy), Dots: true),
            ], Unit: true),
            new("Reward of the runs that share its beginning", "mean", others.Count == 0 ? [] :
            [
                .. others.Select(other =>
                    new ChartSeries(other.RunId, other.Colour, Points(other.Curve.Training, point => point.Reward))),
                new("this run", 1, Points(stage.Training, point => point.Reward)),
            ]),
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

    // Held-out figures where there are any: what is measured compares best.
    private static List<(double X, double Y)> Best(RelativeCurve curve, Func<CurvePoint, double?> figure) =>
        Points(curve.Evaluations, figure) is { Count: > 1 } held ? held : Points(curve.Training, figure);

    private static List<(double X, double Y)> Points(IReadOnlyList<CurvePoint> curve, Func<CurvePoint, double?> figure) =>
        [.. curve.Where(point => figure(point) is not null).Select(point => ((double)point.Step, figure(point)!.Value))];
}
