using System.Text.Json;
using R1Cloud.Rewards.Grading;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Tests.Sandboxing;
using R1Cloud.Shared;
using R1Cloud.Testing;

namespace R1Cloud.Rewards.Tests;

/// <summary>
/// Cases made from public reports of graders' mistakes: every verdict is the expected one, but for policies on which checkers differ.
/// </summary>
public sealed class ReportedCasesTests(CodeSandbox sandbox) : IClassFixture<CodeSandbox>
{
    private const string Cases = "data/public_cases/rewards_dev.jsonl";

    public static TheoryData<string> Rewards =>
        ["accuracy/math", "accuracy/multiple-choice", "accuracy/countdown", "accuracy/exact", "accuracy/regex", "instructions/ifeval",
            "language/consistency", "repetition/ngram", "format/think-answer", "format/think", "format/r1-strict", "format/tag-count",
            "format/reasoning-steps", "length/overlong"];

    [Theory]
    [MemberData(nameof(Rewards))]
    public void Grade_EveryReportedCase_HasTheExpectedVerdict(string reward) => Failures(reward).ShouldBeEmpty();

    [Fact]
    public void Grade_EveryReportedProgram_HasTheExpectedVerdict()
    {
        sandbox.Pool("python");
        Failures("accuracy/code").ShouldBeEmpty();
    }

    private static List<string> Failures(string reward)
    {
        var grader = Graders.Get(reward, default);
        var failures = new List<string>();
        var rows = File.ReadLines(Fixtures.Shared(Cases)).Select(line => JsonSerializer.Deserialize<JsonElement>(line)).Where(row =>
            row.GetProperty("reward").GetString() == reward).ToList();
        rows.ShouldNotBeEmpty();
        foreach (var row in rows)
        {
            var grade = Graded(grader, row);
            var right = row.GetProperty("right");
            // Where checkers differ, a wrong answer may yet not be rewarded.
            if (Agrees(grade, right) || Text(row, "policy") is { Length: > 0 }
                && !(grade.Correct
                    && (right.ValueKind == JsonValueKind.False || right.ValueKind == JsonValueKind.Number && right.GetDouble() < 1)))
                    continue;
            failures.Add($"{Text(row, "gold")} | {row.GetProperty("pred").GetString()}: {right} expected, {grade}");
        }
        return failures;
    }

    private static Grade Graded(Grader grader, JsonElement row)
    {
        var extras = row.TryGetProperty("row", out var given) && given.ValueKind == JsonValueKind.Object ? given : default;
        JsonElement? Extra(string name) => extras.ValueKind == JsonValueKind.Object && extras.TryGetProperty(name, out var value)
            && value.ValueKind != JsonValueKind.Null ? value : null;
        var completion = new Completion(row.GetProperty("pred").GetString()!, Text(row, "gold") ?? "", Finished: true)
        {
            Fields = Extra("fields") is { } fields ? fields.EnumerateObject().ToDictionary(field => field.Name, field => field.Value)
                : new Dictionary<string, JsonElement>(),
            Tokens = Extra("tokens")?.Ints() ?? [],
            MaxTokens = Extra("maxTokens")?.GetInt32() ?? 0,
        };
        try
        {
            return grader(completion, row.TryGetProperty("options", out var options) ? options : default);
        }
        catch (BadInputException e)
        {
            return new(0, false, null, e.Message, RewardOutcome.Error);
        }
    }

    private static string? Text(JsonElement row, string name) => row.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Agrees(Grade grade, JsonElement right)
    {
        var judged = grade.Outcome is RewardOutcome.Scored or RewardOutcome.Unparsable;
        return right.ValueKind switch
        {
            JsonValueKind.True => judged && grade.Correct,
            JsonValueKind.False => judged && !grade.Correct,
            JsonValueKind.Number => judged && Math.Abs(grade.Score - right.GetDouble()) <= 1e-6,
            JsonValueKind.Array => right.EnumerateArray().Any(one => Agrees(grade, one)),
            JsonValueKind.String => right.GetString() switch
            {
                "scored" => grade.Outcome == RewardOutcome.Scored,
                "unparsable" => grade.Outcome == RewardOutcome.Unparsable,
                "timeout" => grade.Outcome == RewardOutcome.Timeout,
                "error" or "badInput" => grade.Outcome == RewardOutcome.Error,
                var range => judged && range!.Split("..") is [var low, var high] && grade.Score >= double.Parse(low) - 1e-6
                    && grade.Score <= double.Parse(high) + 1e-6,
            },
            _ => false,
        };
    }
}
