using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Report;
using R1Cloud.Shared;
using Spectre.Console;

namespace R1Cloud.LocalHost.Display;

/// <summary>A finished run's report for the terminal.</summary>
internal sealed class ReportView(IAnsiConsole console)
{
    private const int SamplesShown = 3, ChainLength = 3;
    private readonly Glyphs glyphs = Glyphs.For(console);

    private int Width => console.Profile.Width;

    // Where texts are cut: only a terminal has an edge.
    private int Room => console.Profile.Out.IsTerminal ? Width : int.MaxValue;

    /// <summary>Writes the report.</summary>
    /// <param name="report">What the run achieved.</param>
    /// <param name="files">Where its files are, by what they are; none when they were not copied.</param>
    public void Write(RunReport report, IReadOnlyList<(string What, string Path)> files)
    {
        Line("");
        Line($" [teal]R1 Cloud[/]  [bold]{Markup.Escape(report.RunId)}[/]  [grey]seed {report.Seed}[/]");
        if (report.Stages.Count < ChainLength) foreach (var stage in report.Stages) WriteStage(stage, report);
        else WriteChain(report);
        if (report.Bands.Count > 0)
        {
            Heading("Expected", glyphs.Plain("the bands of the recipe's evaluation"));
            WriteTable(ReportTables.Bands(report), "questions", "standard error");
        }
        if (report.Controls.Count > 0)
        {
            Heading("Controls", glyphs.Plain("trainings that should teach nothing, points of the main benchmark"));
            WriteTable(ReportTables.Controls(report), "control gained", "stage gained");
        }
        if (report.Relatives.Count > 0)
        {
            Heading("Forks", glyphs.Plain("runs that share its beginning"));
            WriteTable(ReportTables.Relatives(report), "differs in", "is its");
        }
        var samples = report.Stages.LastOrDefault(stage => stage.Samples.Count > 0 && !report.IsControl(stage))?.Samples ?? [];
        WriteSamples([.. samples.Take(SamplesShown)]);
        WriteTime(report);
        WriteCosts(report.Costing);
        WritePlan(report.Plan);
        WriteFiles(files);
        Line("");
    }

    private void WriteCosts(RunCosting? costing)
    {
        if (costing is null) return;
        Heading("Cost", "");
        WriteTable(ReportTables.Costs(costing), "a thousand samples");
        WriteSentence(ReportTables.Nodes(costing));
    }

    private void WriteStage(StageReport stage, RunReport report)
    {
        var measured = stage.After ?? stage.Before;
        if (measured is null && stage.Training.Count == 0 && stage.Evaluations.Count == 0) return;
        var time = stage.ReusedFrom is { } origin ? $"reused from {origin.RunId}" : Format.Duration(stage.Time.Wall);
        Heading(stage.Label, $"{stage.Kind}, {Format.Count(stage.Steps)} steps, {time}");
        if (measured is not null)
        {
            foreach (var benchmark in stage.Benchmarks) WriteBenchmark(benchmark, stage.Benchmarks.Count > 1);
        }

        WriteCurves(stage);
        if (stage.Effects.Count > 0) WriteSentence(stage.Summary);
        if (measured is not null) Line($" [grey]measured on {Format.Count(measured.Problems)} held-out problems{Overlap(report)}[/]");
    }

    private static string Overlap(RunReport report) => report.Overlap switch
    {
        0 => ", none in the training data",
        > 0 and var found => $", [red]{found} in the training data[/]",
        _ => "",
    };

    // Of many stages, blocks of figures each would bury what matters: one row a stage and benchmark, one sentence a stage, curves where
    // there was reinforcement learning.
    private void WriteChain(RunReport report)
    {
        foreach (var benchmark in ReportTables.Benchmarks(report))
        {
            Line("");
            Line($" [bold]{Markup.Escape(benchmark)}[/]  [grey]{ReportTables.Asked(report, benchmark)}{Overlap(report)}[/]");
            WriteTable(ReportTables.Results(report, benchmark), "greedy format", "pass@k", "greedy", "cons@k");
        }

        Heading("Stages", glyphs.Plain("each against the one it started from, ± half of a 95 % interval"));
        foreach (var stage in report.Stages)
        {
            var time = stage.ReusedFrom is null ? Format.Duration(stage.Time.Wall) : "reused";
            Line($" [bold]{Markup.Escape(stage.Label)}[/]  "
                + $"[grey]{Markup.Escape($"{stage.Kind}{(stage.From is null ? "" : $" from {stage.From}")}, {Format.Count(stage.Steps)} {(stage.Steps == 1 ? "step" : "steps")}, {time}")}[/]");
            if (stage.Summary.Length > 0) WriteSentence(stage.Summary);
        }

        if (ReportTables.Reused(report) is { } reused)
        {
            Line("");
            foreach (var line in console.Profile.Out.IsTerminal ? TextTable.Wrap(reused, Width - 2) : [reused])
                Line($" [grey]{Markup.Escape(line)}[/]");
        }

        foreach (var stage in report.Stages.Where(stage => stage.Training.Count > 1))
        {
            Heading(stage.Label, $"its {stage.Training.Count} steps");
            WriteCurves(stage);
        }
    }

    private void WriteTable(ReportTable table, params string[] leastTelling)
    {
        // One column stays free, as some terminals wrap a line that fills the last one.
        foreach (var line in TextTable.Lines(table, console.Profile.Out.IsTerminal ? Width - 1 : null, leastTelling))
            Line(glyphs.Plain(line));
    }

    private void WriteSentence(string text)
    {
        foreach (var line in console.Profile.Out.IsTerminal ? TextTable.Wrap(glyphs.Plain(text), Width - 4) : [glyphs.Plain(text)])
            Line($"   {Markup.Escape(line)}");
    }

    private void WriteBenchmark(BenchmarkReport benchmark, bool named)
    {
        if (benchmark is { Before: not null, After: not null })
            Line(
                $" [grey]{(named ? Markup.Escape(Format.OneLine(benchmark.Name, 16, glyphs.Cut)) : ""),-16}{"before",14}{"",4}{"after",14}[/]");
        else if (named) Line($" [grey]{Markup.Escape(Format.OneLine(benchmark.Name, 16, glyphs.Cut))}[/]");
        Row("greedy accuracy", figures => Share(figures.GreedyAccuracy));
        Row($"pass@1 (k = {(benchmark.After ?? benchmark.Before)!.Samples})", figures => Share(figures.PassAt1));
        Row("format, greedy", figures => Share(figures.GreedyFormat));
        Row("format, sampled", figures => Share(figures.Format));
        foreach (var name in (benchmark.After ?? benchmark.Before)!.Rewards.Keys)
            Row(Format.OneLine(name, 16, glyphs.Cut),
                figures => figures.Rewards.TryGetValue(name, out var mean) ? ReportTables.Mean(name, mean) : "");
        Row("mean length", figures => Format.Number(figures.MeanLength, "0.0") + " tokens");

        void Row(string name, Func<EvaluationFigures, string> write)
        {
            var before = benchmark.Before is { } first ? $"{write(first),14}" : "";
            var after = benchmark.After is { } last ? $"{write(last),14}" : "";
            if (before.Length + after.Length == 0 || string.IsNullOrWhiteSpace(before + after)) return;
            var arrow = before.Length > 0 && after.Length > 0 ? $" {glyphs.Arrow,-2} " : "";
            Line($" [grey]{Markup.Escape(name),-16}[/]{before}[grey]{arrow}[/][bold]{after}[/]");
        }
    }

    private static string Share(double? value) => value is { } share ? Format.Share(share) : "";

    private void WriteCurves(StageReport stage)
    {
        var points = stage.Training.Count > 1 ? stage.Training : stage.Evaluations;
        Curve("accuracy", point => point.Accuracy, Format.Share, unit: true);
        Curve("format", point => point.Format, Format.Share, unit: true);
        Curve("language", point => point.Language, Format.Share, unit: true);
        Curve("length", point => point.MeanLength, value => Format.Number(value, "0.0"));
        Curve("reward", point => point.Reward, value => Format.Number(value, "0.000"));
        Curve("entropy", point => point.Entropy, value => Format.Number(value, "0.000"));
        Curve("kl", point => point.Kl, value => Format.Number(value, "0.0000"));

        // Shares run from 0 to 1, the others from their least to their greatest value.
        void Curve(string name, Func<CurvePoint, double?> figure, Func<double, string> write, bool unit = false)
        {
            var values = points.Select(figure).OfType<double>().Where(double.IsFinite).ToList();
            if (values.Count < 2) return;
            var line = Sparkline.Draw(values, Width - 36, unit ? 0 : values.Min(), unit ? 1 : values.Max(), glyphs.Levels);
            Line($" [grey]{name,-8}[/]  [teal]{line}[/]  {write(values[0])} [grey]{glyphs.Arrow}[/] {write(values[^1])}");
        }
    }

    // Writes questions with the answers before and after.
    private void WriteSamples(IReadOnlyList<SamplePair> pairs)
    {
        if (pairs.Count == 0) return;
        Heading("Answers", "the same question before and after");
        foreach (var pair in pairs)
        {
            Line(
                $" [bold]{Markup.Escape(Format.OneLine(pair.Question, Room - 20, glyphs.Cut))}[/]{(pair.Answer is null ? "" : $"  [grey]right: {Markup.Escape(pair.Answer)}[/]")}");
            WriteSample("before", pair.Before);
            WriteSample("after", pair.After);
        }
    }

    /// <summary>Writes one answer in a line.</summary>
    public void WriteSample(string label, Sample? sample)
    {
        if (sample is null) return;
        var sign = sample.Correct switch { true => $"[green]{glyphs.Done}[/]", false => $"[red]{glyphs.Failed}[/]", _ => " " };
        Line($"   {sign} [grey]{label,-7}[/] {Markup.Escape(Format.OneLine(sample.Completion, Room - 15, glyphs.Cut))}");
    }

    private void WriteTime(RunReport report)
    {
        var time = report.Time;
        Heading("Time",
            $"{Format.Duration(time.Wall)} in stages, {Format.Duration(Instants.Between(report.StartedAt, report.EndedAt))} from start to "
            + $"end");
        Part("generation", time.Generation);
        Part("update", time.Update);
        Part("reward", time.Reward);
        Part("storage", time.Storage);
        Part("waiting", time.Waiting);
        Line($" [grey]{"overhead",-12}[/]{"",8}{Format.Share(time.Overhead),9}  [grey]outside generation, update and reward[/]");
        foreach (var stage in report.Stages.Where(stage => stage is { Kind: "rl", ReusedFrom: null } && report.Stages.Count > 1))
            Line($" [grey]{"",-12}[/]{"",8}{Format.Share(stage.Time.Overhead),9}  [grey]of {Markup.Escape(stage.Label)} alone[/]");

        void Part(string name, double seconds)
        {
            var share = time.Wall > 0 ? seconds / time.Wall : 0;
            var bar = new string(glyphs.BarFull, (int)Math.Round(Math.Clamp(share, 0, 1) * Math.Max(0, Width - 36)));
            // blanks at the edge would take the next line along
            Line($" [grey]{name,-12}[/]{Format.Duration(seconds),8}{Format.Share(share),9}{(bar.Length > 0 ? $"  [teal]{bar}[/]" : "")}");
        }
    }

    private void WritePlan(PlanComparison? plan)
    {
        if (plan is null) return;
        Heading("Plan and actual", $"planned for {plan.Device}");
        if (plan.Stages.Count > 0) WriteTable(ReportTables.Plan(plan), "trained|trained, planned", "generated|generated, planned");
        var time = plan.Workers;
        Line("");
        double Part(double seconds) => time.Paid > 0 ? seconds / time.Paid : 0;
        Line($" [grey]{"worker time",-16}[/]useful {Format.Share(Part(time.Useful))}, recomputed {Format.Share(Part(time.Recomputed))}, "
            + $"idle {Format.Share(Part(time.Idle))}");
        if (time.Failed + time.Lost + time.Preempted > 0)
            Line($" [grey]{"attempts",-16}[/]{time.Failed} failed, {time.Lost} lost, {time.Preempted} preempted");
    }

    private void WriteFiles(IReadOnlyList<(string What, string Path)> files)
    {
        if (files.Count == 0) return;
        Heading("Files", "");
        var widest = files.Max(file => file.What.Length);
        foreach (var (what, path) in files) Line($" [grey]{Markup.Escape(what.PadRight(widest))}[/]  {Markup.Escape(path)}");
    }

    private void Heading(string title, string note)
    {
        Line("");
        Line($" [bold]{Markup.Escape(title)}[/]  [grey]{Markup.Escape(note)}[/]");
    }

    private void Line(string markup) => console.WriteMarkup(markup);
}
