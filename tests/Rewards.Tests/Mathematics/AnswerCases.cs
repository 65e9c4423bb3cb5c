using R1Cloud.Testing;
using System.Text.Json;
using R1Cloud.Rewards.Mathematics;
using R1Cloud.Rewards.Scoring;

namespace R1Cloud.Rewards.Tests.Mathematics;

/// <summary>
/// Answers with spellings that are the same and others that are not: answers.jsonl, and reported.jsonl with the kinds of mistakes that
/// people report of public graders, stated.jsonl with sentences that state a number or only mention it, unseen.jsonl and outside.jsonl with
/// cases that were written after the rules, to try them, mended.jsonl with what such cases found wrong and its neighbours,
/// committed.jsonl with texts that stand by an answer and others that deny it, leave it open, take it back or leave it to somebody else,
/// fresh.jsonl and later.jsonl with more cases of the same kinds.
/// </summary>
internal static class AnswerCases
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    public sealed record Row(string Feature, string Gold, string[] Right, string[]? Wrong);

    public static IReadOnlyList<Row> All { get; } =
        [.. new[] { "answers.jsonl", "reported.jsonl", "unseen.jsonl", "outside.jsonl", "stated.jsonl", "mended.jsonl",
            "committed.jsonl", "fresh.jsonl", "later.jsonl" }
            .SelectMany(file => File.ReadLines(Repository.PathOf("tests", "Rewards.Tests", "Mathematics", file))).Select(line =>
            JsonSerializer.Deserialize<Row>(line, Options)!)];

    /// <summary>Whether the verifier failed: neither the answer nor the right one is at fault.</summary>
    public static bool IsFault(MathVerdict verdict) => verdict.Outcome == RewardOutcome.Timeout || verdict.Outcome == RewardOutcome.Error
        && !verdict.Reason.StartsWith("the right answer", StringComparison.Ordinal)
        && !verdict.Reason.StartsWith("the problem has no", StringComparison.Ordinal);

    /// <summary>Every text, right or wrong or gold.</summary>
    public static IReadOnlyList<string> Texts { get; } =
        [.. All.SelectMany(row => row.Right.Concat(row.Wrong ?? []).Prepend(row.Gold)).Distinct()];
}
