using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Rewards.Grading;

/// <summary>Grades a file of rows <c>gold</c>, <c>pred</c>, optional <c>options</c> and <c>expected</c>: one verdict a line, in order.</summary>
/// <param name="grader">The grader.</param>
/// <param name="file">The file's name, for messages.</param>
/// <param name="badRow">Is told rows that cannot be graded, by file and line.</param>
internal sealed class GradeFile(Grader grader, string file, Action<string> badRow)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly GradeSummary summary = new();

    /// <summary>Grades all rows.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="output">Takes the verdicts.</param>
    /// <param name="progress">Is told the number of rows done, now and then.</param>
    /// <param name="cancellation">Stops between two rows.</param>
    public async Task<GradeSummary> RunAsync(TextReader input, TextWriter output, Action<int> progress, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var shown = TimeSpan.Zero;
        for (var line = 1; await input.ReadLineAsync(cancellation) is { } text; line++)
        {
            if (string.IsNullOrWhiteSpace(text)) continue;
            await output.WriteLineAsync(JsonSerializer.Serialize(Row(text, line), Json).AsMemory(), cancellation);
            if (watch.Elapsed - shown < TimeSpan.FromMilliseconds(200)) continue;
            shown = watch.Elapsed;
            progress(summary.Rows);
        }
        summary.Seconds = watch.Elapsed.TotalSeconds;
        return summary;
    }

    private Verdict Row(string text, int line)
    {
        summary.Rows++;
        try
        {
            using var row = Parse(text);
            var (gold, pred) = (Text(row.RootElement, "gold"), Text(row.RootElement, "pred"));
            var options = row.RootElement.TryGetProperty("options", out var given) ? given : default;
            bool? expected = row.RootElement.TryGetProperty("expected", out var known) ? known.ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.Null => null,
                _ => throw new BadInputException($"expected: {known.GetRawText()} is neither true nor false."),
            } : null;
            var grade = grader(gold, pred, options);
            summary.Count(grade, expected);
            return new(grade.Correct, grade.Score, grade.Extracted, grade.Reason, grade.Outcome);
        }
        catch (BadInputException e)
        {
            var message = $"{file}:{line}: {e.Message}";
            summary.Bad++;
            badRow(message);
            return new(false, 0, null, message, RewardOutcome.Error);
        }
    }

    private static JsonDocument Parse(string text)
    {
        try
        {
            var row = JsonDocument.Parse(text);
            return row.RootElement.ValueKind == JsonValueKind.Object ? row : throw new BadInputException("the row is not a JSON object.");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"not JSON: {e.Message}", e);
        }
    }

    private static string Text(JsonElement row, string name)
    {
        if (!row.TryGetProperty(name, out var value)) throw new BadInputException($"{name} is missing; a row has gold and pred.");
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number => value.GetRawText(),
            _ => throw new BadInputException($"{name}: {value.GetRawText()} is not a text."),
        };
    }

    private sealed record Verdict(bool Correct, double Score, string? Extracted, string Reason, RewardOutcome Outcome);
}
