using System.Globalization;
using System.Text;
using R1Cloud.Shared.Processes;

namespace R1Cloud.Pipeline.Report;

/// <summary>The report as Markdown: <c>report/report.md</c>.</summary>
internal static class ReportMarkdown
{
    /// <summary>Renders it.</summary>
    /// <param name="report">The report.</param>
    /// <param name="curveFile">The picture's file beside it for a stage with a curve.</param>
    /// <param name="stagesFile">The picture's file beside it of all stages.</param>
    public static string Render(RunReport report, Func<StageReport, string> curveFile, string stagesFile)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {report.Name}: run {report.RunId}\n\n");
        if (report.Description is not null) text.Append(report.Description).Append("\n\n");
        text.Append(CultureInfo.InvariantCulture,
            $"Seed {report.Seed}, recipe {report.RecipeHash}, {report.StartedAt:u} to {report.EndedAt:u}.\n\n");

        text.Append("## Stages\n\n");
        Table(text, ReportTables.Stages(report));
        if (report.Stages.Any(stage => stage.Effects.Count > 0)) text.Append(StageSentence.Note).Append("\n\n");
        if (ReportTables.Reused(report) is { } reused) text.Append(reused).Append("\n\n");
        if (report.Bands.Count > 0)
        {
            text.Append("## Expected and measured\n\n");
            Table(text, ReportTables.Bands(report));
        }
        if (report.Controls.Count > 0)
        {
            text.Append("## Controls\n\n");
            Table(text, ReportTables.Controls(report));
        }
        if (report.Relatives.Count > 0)
        {
            text.Append("## Runs that share its beginning\n\n");
            Table(text, ReportTables.Relatives(report));
        }
        foreach (var benchmark in ReportTables.Benchmarks(report))
        {
            text.Append(CultureInfo.InvariantCulture, $"## Results, {benchmark}\n\n{ReportTables.Asked(report, benchmark)}.\n\n");
            Table(text, ReportTables.Results(report, benchmark));
        }
        text.Append(ReportTables.Overlap(report)).Append("\n\n");
        if (StagesChart.Has(report)) text.Append(CultureInfo.InvariantCulture, $"![The figures stage after stage]({stagesFile})\n\n");
        foreach (var stage in report.Stages.Where(ReportCurve.Has))
            text.Append(CultureInfo.InvariantCulture, $"![Learning curve of {stage.Label}]({curveFile(stage)})\n\n");

        foreach (var stage in report.Stages.Where(stage => stage.Samples.Count > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"## Answers, {stage.Label}\n\n");
            foreach (var pair in stage.Samples)
            {
                Fenced(text, "Question", pair.Question);
                if (pair.Answer is { } answer) Fenced(text, "Answer", answer);
                if (pair.Before is { } before) Fenced(text, "Before", before.Completion);
                if (pair.After is { } after) Fenced(text, "After", after.Completion);
            }
        }

        text.Append("## Time\n\n");
        Table(text, ReportTables.Time(report));
        text.Append(
            "Along the critical path: of jobs side by side the slowest counts. Overhead is what is neither generation nor reward nor "
            + "update.\n\n");
        if (report.Cost is { } cost)
            text.Append(CultureInfo.InvariantCulture,
                $"Cost: {cost.Amount:0.00} {cost.Currency} for {cost.WorkerSeconds:0} worker seconds. {cost.Note}\n\n");
        if (report.Costing is { } costing)
        {
            Table(text, ReportTables.Costs(costing));
            text.Append(ReportTables.Nodes(costing)).Append("\n\n");
        }
        if (report.Plan is { } plan)
        {
            text.Append("## Plan and actual\n\n");
            Table(text, ReportTables.Plan(plan));
            text.Append(ReportTables.Workers(plan)).Append("\n\n");
        }
        text.Append("## Checkpoints\n\n");
        Table(text, ReportTables.Checkpoints(report));
        return text.ToString().TrimEnd() + "\n";
    }

    // Text of data and models: a fence longer than any run of backticks inside, so that nothing in it is Markdown.
    private static void Fenced(StringBuilder text, string title, string content)
    {
        var (longest, run) = (0, 0);
        foreach (var c in content) longest = Math.Max(longest, run = c == '`' ? run + 1 : 0);
        var fence = new string('`', Math.Max(3, longest + 1));
        text.Append(CultureInfo.InvariantCulture, $"{title}:\n\n{fence}text\n{Printable.Of(content)}\n{fence}\n\n");
    }

    private static void Table(StringBuilder text, ReportTable table)
    {
        Row(table.Head);
        Row(table.Head.Select(_ => "---"));
        foreach (var row in table.Rows) Row(row);
        text.Append('\n');

        void Row(IEnumerable<string> cells) =>
            text.Append("| ")
            .AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ")))
            .Append(" |\n");
    }
}
