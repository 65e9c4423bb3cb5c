using Microsoft.Net.Http.Headers;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;

namespace R1Cloud.Pipeline.Api;

/// <summary>Which file of a report a request wants.</summary>
internal static class ReportFormat
{
    private static readonly Dictionary<string, (string File, string Type)> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        ["json"] = (ReportFiles.Json, "application/json"),
        ["html"] = (ReportFiles.Html, "text/html; charset=utf-8"),
        ["md"] = (ReportFiles.Markdown, "text/markdown; charset=utf-8"),
        ["svg"] = (ReportFiles.Curve, "image/svg+xml"),
    };

    /// <summary>The file and its media type: by name, else by the Accept header's order of preference, else JSON.</summary>
    /// <exception cref="InvalidRequestException">There is no such format.</exception>
    public static (string File, string Type) Choose(string? format, IList<string?> accept)
    {
        if (format is not null)
            return Formats.TryGetValue(format, out var named)
                ? named : throw new InvalidRequestException("format", format, string.Join(", ", Formats.Keys));
        if (!MediaTypeHeaderValue.TryParseList([.. accept.OfType<string>()], out var wanted)) return Formats["json"];

        foreach (var range in wanted.OrderByDescending(range => range.Quality ?? 1))
        {
            if (range.MatchesAllTypes) break;
            foreach (var known in Formats.Values)
            {
                if (MediaTypeHeaderValue.Parse(known.Type).MediaType.Equals(range.MediaType, StringComparison.OrdinalIgnoreCase))
                    return known;
            }
        }
        return Formats["json"];
    }
}
