namespace R1Cloud.Pipeline.Model;

/// <summary>The files of a report.</summary>
internal static class ReportFiles
{
    public const string Json = "report.json";
    public const string Markdown = "report.md";
    public const string Html = "report.html";
    public const string Curve = "curve.svg";
    public const string Stages = "stages.svg";
}
