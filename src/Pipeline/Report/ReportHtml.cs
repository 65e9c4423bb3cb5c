using System.Globalization;
using System.Net;
using System.Text;

namespace R1Cloud.Pipeline.Report;

/// <summary>The report as one self-contained page: <c>report/report.html</c>.</summary>
internal static class ReportHtml
{
    private const string Style = """
        :root{color-scheme:light dark;--ink:#1f2328;--faint:#656d76;--rule:#d1d9e0;--ground:#fff;--soft:#f6f8fa}
        @media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--faint:#9198a1;--rule:#3d444d;--ground:#0d1117;--soft:#151b23}}
        body{font:15px/1.5 system-ui,'Segoe UI',Helvetica,Arial,sans-serif;color:var(--ink);background:var(--ground);max-width:1080px;margin:2.5rem auto;padding:0 1rem}
        h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .6rem}h3{font-size:1rem;margin:1.4rem 0 .4rem}h2 .faint,h3 .faint{font-weight:400;font-size:.86rem}.faint{color:var(--faint)}
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.86rem}
        th,td{padding:.35rem .5rem;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}
        th:first-child,td:first-child,.text td,.text th{text-align:left}th{color:var(--faint);font-weight:600}
        .stages td:last-child,.stages th:last-child{text-align:left;white-space:normal;min-width:22rem}.stages td{vertical-align:top}.stages td:nth-child(2),.stages td:nth-child(3),.stages th:nth-child(2),.stages th:nth-child(3){text-align:left}
        summary{cursor:pointer;font-weight:600;margin:.4rem 0}
        pre{background:var(--soft);border:1px solid var(--rule);border-radius:6px;padding:.6rem .8rem;margin:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
        .pair{display:grid;grid-template-columns:1fr 1fr;gap:.8rem}@media(max-width:640px){.pair{grid-template-columns:1fr}}svg{width:100%;height:auto}
        """;

    /// <summary>Renders it.</summary>
    public static string Render(RunReport report)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{E(report.Name)}: run {E(report.RunId)}</title>
            <style>
            {Style}
            </style>
            </head>
            <body>
            <h1>{E(report.Name)}</h1>
            <p class="faint">Run {E(report.RunId)}, seed {report.Seed}, recipe {E(report.RecipeHash[..Math.Min(12, report.RecipeHash.Length)])}, {report.StartedAt:u} to {report.EndedAt:u}</p>

            """);
        if (report.Description is not null) page.Append(CultureInfo.InvariantCulture, $"<p>{E(report.Description)}</p>\n");
        page.Append("<h2>Stages</h2>\n");
        Table(page, ReportTables.Stages(report), "stages");
        if (report.Stages.Any(stage => stage.Effects.Count > 0))
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"faint\">{E(StageSentence.Note)}</p>\n");
        if (ReportTables.Reused(report) is { } reused) page.Append(CultureInfo.InvariantCulture, $"<p class=\"faint\">{E(reused)}</p>\n");
        if (report.Bands.Count > 0)
        {
            page.Append("<h2>Expected and measured</h2>\n");
            Table(page, ReportTables.Bands(report), "text");
        }
        if (report.Controls.Count > 0)
        {
            page.Append("<h2>Controls</h2>\n");
            Table(page, ReportTables.Controls(report), "text");
        }
        if (report.Relatives.Count > 0)
        {
            page.Append("<h2>Runs that share its beginning</h2>\n");
            Table(page, ReportTables.Relatives(report), "text");
        }
        foreach (var benchmark in ReportTables.Benchmarks(report))
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<h2>Results, {E(benchmark)} <span class=\"faint\">{E(ReportTables.Asked(report, benchmark))}</span></h2>\n");
            Table(page, ReportTables.Results(report, benchmark));
        }
        page.Append(CultureInfo.InvariantCulture,
            $"<p class=\"faint\">{E(ReportTables.Overlap(report))} k samples a problem make pass@1 (their mean), pass@k (one of them "
            + $"right) and cons@k (their most frequent answer).</p>\n");
        if (StagesChart.Has(report))
            page.Append(CultureInfo.InvariantCulture,
                $"<h2>Stage after stage</h2>\n<figure style=\"margin:0\">\n{StagesChart.Draw(report)}</figure>\n");
        var curves = report.Stages.Where(ReportCurve.Has).ToList();
        if (curves.Count > 0) page.Append("<h2 id=\"curves\">Learning curves</h2>\n");
        foreach (var stage in curves)
            page.Append(CultureInfo.InvariantCulture,
                $"<h3>{E(stage.Label)} <span class=\"faint\">{E(stage.Kind)}, {stage.Steps} steps</span></h3>\n<figure "
                + $"style=\"margin:0\">\n{ReportCurve.Draw(stage, report)}</figure>\n");

        // The last stage's answers are open; the others are a click away.
        var answers = report.Stages.Where(stage => stage.Samples.Count > 0).ToList();
        if (answers.Count > 0) page.Append("<h2>Answers</h2>\n");
        foreach (var stage in answers)
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<details{(stage == answers[^1] ? " open" : "")}><summary>{E(stage.Label)}</summary>\n");
            foreach (var pair in stage.Samples)
            {
                page.Append(CultureInfo.InvariantCulture,
                    $"<p><strong>{E(pair.Question)}</strong> <span class=\"faint\">answer: {E(pair.Answer)}</span></p>\n<div "
                    + $"class=\"pair\">");
                page.Append(Answer("before", pair.Before)).Append(Answer("after", pair.After)).Append("</div>\n");
            }
            page.Append("</details>\n");
        }

        page.Append("<h2>Time</h2>\n");
        Table(page, ReportTables.Time(report));
        page.Append(
            "<p class=\"faint\">Along the critical path: of jobs side by side the slowest counts. Overhead is what is neither generation "
            + "nor reward nor update.</p>\n");
        if (report.Cost is { } cost)
            page.Append(CultureInfo.InvariantCulture,
                $"<p>Cost: {cost.Amount:0.00} {E(cost.Currency)} for {cost.WorkerSeconds:0} worker seconds. <span "
                + $"class=\"faint\">{E(cost.Note)}</span></p>\n");
        if (report.Costing is { } costing)
        {
            Table(page, ReportTables.Costs(costing));
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"faint\">{E(ReportTables.Nodes(costing))}</p>\n");
        }
        if (report.Plan is { } plan)
        {
            page.Append("<h2>Plan and actual</h2>\n");
            Table(page, ReportTables.Plan(plan));
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"faint\">{E(ReportTables.Workers(plan))}</p>\n");
        }
        page.Append("<h2>Checkpoints</h2>\n");
        Table(page, ReportTables.Checkpoints(report), "text");
        return page.Append("</body>\n</html>\n").ToString();
    }

    private static string Answer(string when, R1Cloud.Pipeline.Model.Sample? sample) =>
        sample is null
            ? "" : $"<div><span class=\"faint\">{when}{(sample.Correct is { } right ? right ? ", right" : ", wrong" : "")}</span><pre>{E(sample.Completion)}</pre></div>";

    private static void Table(StringBuilder page, ReportTable table, string style = "")
    {
        page.Append(CultureInfo.InvariantCulture, $"<div class=\"scroll\"><table class=\"{style}\">\n<tr>")
            .AppendJoin("", table.Head.Select(cell => $"<th>{E(cell)}</th>")).Append("</tr>\n");
        foreach (var row in table.Rows) page.Append("<tr>").AppendJoin("", row.Select(cell => $"<td>{E(cell)}</td>")).Append("</tr>\n");
        page.Append("</table></div>\n");
    }

    private static string E(string? text) => WebUtility.HtmlEncode(text ?? "");
}
