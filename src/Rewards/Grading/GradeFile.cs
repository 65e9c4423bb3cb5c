using R1Cloud.Rewards.Sandboxing;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;

namespace R1Cloud.Rewards.Grading;

/// <summary>
/// Grades a file of rows: <c>pred</c>; <c>gold</c> where the reward needs one; optional <c>options</c>, <c>expected</c>, <c>tokens</c>,
/// <c>maxTokens</c>, <c>finished</c>,
/// <c>prompt</c>, <c>accuracy</c>; every other column is a column of the problem. One verdict a line, in order.
/// </summary>
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
            var completion = Read(row.RootElement);
            var options = row.RootElement.TryGetProperty("options", out var given) && IsRewardOptions(given) ? given : default;
            bool? expected = row.RootElement.TryGetProperty("expected", out var known) ? known.ValueKind switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.Null => null,
                _ => throw new BadInputException($"expected: {known.GetRawText()} is neither true nor false."),
            } : null;
            var grade = Graded(completion, options);
            summary.Count(grade, expected);
            if (grade.Outcome == RewardOutcome.Error)
            {
                summary.Bad++;
                badRow($"{file}:{line}: {grade.Reason}");
            }
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

    // As inside a run: a function that throws has failed, which is no score. Bad input and a missing sandbox are reported.
    private Grade Graded(Completion completion, JsonElement options)
    {
        try
        {
            return grader(completion, options);
        }
        catch (Exception e) when (e is not (BadInputException or SandboxUnavailableException or OperationCanceledException
            or OutOfMemoryException))
        {
            return new(0, false, null, $"{e.GetType().Name}: {e.Message}", RewardOutcome.Error);
        }
    }

    // A list is a column of the problem: the choices of a question.
    private static bool IsRewardOptions(JsonElement options) => options.ValueKind != JsonValueKind.Array;

    private static Completion Read(JsonElement row)
    {
        var fields = row.EnumerateObject().DistinctBy(column => column.Name)
            .Where(column => column.Name != "options" || !IsRewardOptions(column.Value)).ToDictionary(column => column.Name, column =>
            column.Value, StringComparer.Ordinal);
        return new(Text(fields, "pred") ?? throw new BadInputException("pred is missing: the completion."), Text(fields, "gold") ?? "",
            Flag(fields, "finished") ?? true)
        {
            Prompt = Text(fields, "prompt") ?? "",
            Fields = fields,
            Tokens = Numbers(fields, "tokens"),
            MaxTokens = Whole(fields, "maxTokens"),
            Verdicts = Verdicts(fields),
        };
    }

    private static string? Text(Dictionary<string, JsonElement> row, string name) =>
        !row.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null ? null : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number => value.GetRawText(),
            _ => throw new BadInputException($"{name}: {value.GetRawText()} is not a text."),
        };

    private static bool? Flag(Dictionary<string, JsonElement> row, string name) =>
        !row.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
            : throw new BadInputException($"{name}: {value.GetRawText()} is neither true nor false.");

    private static int Whole(Dictionary<string, JsonElement> row, string name) =>
        !row.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null ? 0
        : value.AsWholeNumber() is >= 0 and <= int.MaxValue and var number ? (int)number
            : throw new BadInputException($"{name}: {value.GetRawText()} is not a whole number from 0.");

    private static IReadOnlyList<int> Numbers(Dictionary<string, JsonElement> row, string name) =>
        !row.TryGetValue(name, out var value) || value.ValueKind == JsonValueKind.Null ? []
        : value.AsWholeNumbers() is { } numbers && numbers.All(number => number is >= 0 and <= int.MaxValue)
            ? [.. numbers.Select(number => (int)number)]
        : throw new BadInputException($"{name}: a list of token ids is expected.");

    // What rewards that look at another one need: its score, 0 to 1.
    private static Dictionary<string, Reward> Verdicts(Dictionary<string, JsonElement> row) =>
        !row.TryGetValue("accuracy", out var value) || value.ValueKind == JsonValueKind.Null ? []
        : value.ValueKind == JsonValueKind.Number ? new() { ["accuracy/given"] = new(value.GetDouble(), "given") }
            : throw new BadInputException($"accuracy: {value.GetRawText()} is not a number.");

    private sealed record Verdict(bool Correct, double Score, string? Extracted, string Reason, RewardOutcome Outcome);
}
