using System.Text.Json;
using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Sampling;

/// <summary>A prompt and a completion to learn from: one JSON line of a data stage's file.</summary>
internal sealed record CompletionRow
{
    /// <summary>The problem as the task asks it, without the form of a prompt.</summary>
    public required string Prompt { get; init; }
    /// <summary>The conversation that the prompt is; null where it is a text alone.</summary>
    public IReadOnlyList<JsonElement>? Messages { get; init; }
    /// <summary>The tools that it may call; null for none.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }
    /// <summary>The assistant's turn, without its end mark.</summary>
    public required string Completion { get; init; }
    /// <summary>What the completion was before it was rewritten; null where it was not.</summary>
    public string? Draft { get; init; }
    /// <summary>The right answer.</summary>
    public required string Answer { get; init; }
    /// <summary>The scores by reward function.</summary>
    public required IReadOnlyDictionary<string, double> Verdicts { get; init; }

    /// <summary>Describes a kept sample.</summary>
    public static CompletionRow Create(SampledAnswer answer) => new()
    {
        Draft = answer.Draft,
        Prompt = answer.Problem.Prompt,
        Messages = answer.Problem.Messages,
        Tools = answer.Problem.Tools,
        Completion = answer.Text,
        Answer = answer.Problem.Answer,
        Verdicts = answer.Scored.Verdicts.ToDictionary(verdict => verdict.Key, verdict => verdict.Value.Score),
    };

    /// <summary>Rows as JSON lines.</summary>
    public static BinaryData ToJsonLines(IEnumerable<CompletionRow> rows) =>
        new(string.Concat(rows.Select(row => JsonSerializer.Serialize(row, R1Json.Options) + "\n")));

    /// <summary>Reads JSON lines.</summary>
    /// <param name="data">The file.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <exception cref="BadInputException">A line is not a row.</exception>
    public static IReadOnlyList<CompletionRow> Parse(BinaryData data,
        string path) => [.. data.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select((line, index) =>
    {
        try
        {
            return JsonSerializer.Deserialize<CompletionRow>(line, R1Json.Options) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{path}({index + 1}): not a row of prompt, completion, answer and verdicts: {e.Message}");
        }
    })];
}
