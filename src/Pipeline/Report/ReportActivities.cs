using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Report;

/// <summary>What a report is made of.</summary>
internal sealed record ReportRequest(RunInput Run, Recipe Recipe, IReadOnlyDictionary<string, StageResult> Results);

/// <summary>Writes a run's report.</summary>
internal sealed class ReportActivities(IBlobStore blobs, IRunStore runs, ReportBuilder builder)
{
    public const string Write = "write-report";

    /// <summary>Writes every file of the report; <see cref="ReportFiles.Json"/> comes last and says that they are there.</summary>
    public async Task WriteAsync(ReportRequest request, CancellationToken cancellation)
    {
        var runId = request.Run.RunId;
        var run = await runs.TryGetAsync(runId, cancellation) ?? throw new StorageException($"There is no run '{runId}' in storage.");
        var report = await builder.BuildAsync(run, request.Recipe, request.Results, cancellation);

        foreach (var stage in report.Stages.Where(ReportCurve.Has))
            await WriteAsync(ReportCurve.FileOf(stage), ReportCurve.Draw(stage, report));
        if (StagesChart.Has(report)) await WriteAsync(ReportFiles.Stages, StagesChart.Draw(report));
        // The run's one picture: the last stage that has a curve and is no control.
        if (report.Stages.LastOrDefault(stage => ReportCurve.Has(stage) && !report.IsControl(stage)) is { } curve)
            await WriteAsync(ReportFiles.Curve, ReportCurve.Draw(curve, report));
        await WriteAsync(ReportFiles.Markdown, ReportMarkdown.Render(report, ReportCurve.FileOf, ReportFiles.Stages));
        await WriteAsync(ReportFiles.Html, ReportHtml.Render(report));
        await WriteAsync(ReportFiles.Json, JsonSerializer.Serialize(report, R1Json.Indented));

        Task WriteAsync(string file, string text) => blobs.WriteAsync(BlobLayout.Report(runId, file), new BinaryData(text), cancellation);
    }
}
