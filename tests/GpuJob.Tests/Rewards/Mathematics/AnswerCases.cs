using System.Text.Json;

namespace R1Cloud.GpuJob.Tests.Rewards.Mathematics;

/// <summary>Answers with spellings that are the same and others that are not: answers.jsonl.</summary>
internal static class AnswerCases
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public sealed record Row(string Feature, string Gold, string[] Right, string[]? Wrong);

    public static IReadOnlyList<Row> All { get; } =
        [.. File.ReadLines(Path.Combine(Oracles.TestsFolder, "Rewards", "Mathematics", "answers.jsonl")).Select(line => JsonSerializer.Deserialize<Row>(line, Options)!)];

    /// <summary>Every text, right or wrong or gold.</summary>
    public static IReadOnlyList<string> Texts { get; } = [.. All.SelectMany(row => row.Right.Concat(row.Wrong ?? []).Prepend(row.Gold)).Distinct()];
}
