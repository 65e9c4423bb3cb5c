using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace R1Cloud.LocalHost.Torture;

/// <summary>
/// The one list of what two runs of a recipe may differ in: times and speeds, dates, attempts, workers. Whatever is not in it is compared,
/// a field that is new as well.
/// </summary>
internal static partial class VolatileFields
{
    /// <summary>What stands where an attempt's name was.</summary>
    public const string Attempt = "ATTEMPT";

    /// <summary>Fields of JSON, wherever they stand.</summary>
    public static IReadOnlySet<string> Names { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        // Dates.
        "createdAt", "startedAt", "endedAt", "orderedAt", "updatedAt", "wallTime", "templateDate",
        // Times, and what they are compared with.
        "timing", "time", "evaluationSeconds", "plan", "cost", "costing", "tokens_per_second",
        // Who did it, and at which try.
        "attempt", "attempts", "worker",
    };

    /// <summary>How the names of fields begin that are times and speeds.</summary>
    public static IReadOnlyList<string> Prefixes { get; } = ["time/", "tokens_per_second/"];

    /// <summary>Blobs that are passed over, each with the reason.</summary>
    public static IReadOnlyList<(string Path, string Reason)> Blobs { get; } =
    [
        ("^index/newest/", "named by the date"),
        ("^index/active/", "gone once the host has looked after the run"),
        ("^runs/[^/]+/(resources|live|workers)/", "what workers use and say while they work"),
        ("^runs/[^/]+/jobs/.+/progress\\.json$", "a running job's last word"),
        ("^runs/[^/]+/jobs/.+/message\\.json$", "a message that was put again"),
        ("^runs/[^/]+/jobs/.+/progress/", "what a job saved on its way"),
        ("^runs/[^/]+/digest\\.json$", "an extract of metrics and times"),
        ("events\\.out\\.tfevents", "the metrics again, with dates in binary"),
        ("^runs/[^/]+/report/(report\\.(html|md)|stages\\.svg)$", "report.json again, with its times in words"),
    ];

    private static readonly (Regex Path, string Reason)[] Passed =
        [.. Blobs.Select(blob => (new Regex(blob.Path, RegexOptions.CultureInvariant), blob.Reason))];

    /// <summary>Whether a blob is passed over.</summary>
    public static bool IsPassedOver(string path) => Passed.Any(kind => kind.Path.IsMatch(path));

    /// <summary>Whether a text names an attempt.</summary>
    public static bool NamesAttempt(string text) => AttemptNames().IsMatch(text);

    /// <summary>A text, such as a path, without the names of attempts.</summary>
    public static string WithoutAttempts(string text) => AttemptNames().Replace(text, Attempt);

    /// <summary>Takes volatile fields out of JSON, and the names of attempts out of its texts.</summary>
    public static JsonNode? Cleaned(JsonNode? node) => node switch
    {
        JsonObject holder => new JsonObject(holder.Where(field => !IsVolatile(field.Key))
            .Select(field => KeyValuePair.Create(field.Key, Cleaned(field.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Cleaned)]),
        JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(WithoutAttempts(text)),
        _ => node?.DeepClone(),
    };

    private static bool IsVolatile(string name) =>
        Names.Contains(name) || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    // As AttemptName makes them, of the workers of one machine.
    [GeneratedRegex("[0-9]+-worker-[0-9]+-[0-9a-f]{8}", RegexOptions.CultureInvariant)]
    private static partial Regex AttemptNames();
}
