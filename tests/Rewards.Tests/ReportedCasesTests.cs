using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using R1Cloud.Rewards.Grading;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Tests.Sandboxing;
using R1Cloud.Testing;

namespace R1Cloud.Rewards.Tests;

/// <summary>
/// Cases made from public reports of graders' mistakes, and independent.jsonl with cases by people who had not seen the rules: every
/// verdict is the expected one, but for policies on which checkers differ.
/// </summary>
public sealed class ReportedCasesTests(CodeSandbox sandbox) : IClassFixture<CodeSandbox>
{
    private const string Cases = "data/public_cases/rewards_dev.jsonl";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static TheoryData<string> Rewards =>
        ["accuracy/math", "accuracy/multiple-choice", "accuracy/countdown", "accuracy/exact", "accuracy/regex", "instructions/ifeval",
            "language/consistency", "repetition/ngram", "format/think-answer", "format/think", "format/r1-strict", "format/tag-count",
            "format/reasoning-steps", "length/overlong"];

    [Theory]
    [MemberData(nameof(Rewards))]
    public async Task Grade_EveryReportedCase_HasTheExpectedVerdict(string reward) =>
        (await FailuresAsync(Fixtures.Shared(Cases), reward)).ShouldBeEmpty();

    [Fact]
    public async Task Grade_EveryIndependentCase_HasTheExpectedVerdict()
    {
        var path = Repository.PathOf("tests", "Rewards.Tests", "independent.jsonl");
        var failures = new List<string>();
        foreach (var reward in Rows(path).Select(RewardOf).Distinct().Where(name => name != "accuracy/code"))
            failures.AddRange(await FailuresAsync(path, reward));
        failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task Grade_EveryIndependentProgram_HasTheExpectedVerdict()
    {
        sandbox.Pool("python");
        (await FailuresAsync(Repository.PathOf("tests", "Rewards.Tests", "independent.jsonl"), "accuracy/code")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Grade_EveryReportedProgram_HasTheExpectedVerdict()
    {
        sandbox.Pool("python");
        (await FailuresAsync(Fixtures.Shared(Cases), "accuracy/code")).ShouldBeEmpty();
    }

    // As gpujob grade reads them: one reward a file, the row's fields as its columns.
    private static async Task<List<string>> FailuresAsync(string path, string reward)
    {
        var rows = Rows(path).Where(row => RewardOf(row) == reward).ToList();
        rows.ShouldNotBeEmpty();
        using var input = new StringReader(string.Join('\n', rows.Select(row => Flat(row).ToJsonString())));
        using var output = new StringWriter();
        await new GradeFile(Graders.Get(reward, default), Path.GetFileName(path), _ => { })
            .RunAsync(input, output, _ => { }, CancellationToken.None);
        var verdicts = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<Verdict>(line, Options)!).ToList();
        verdicts.Count.ShouldBe(rows.Count);
        var failures = new List<string>();
        foreach (var (row, verdict) in rows.Zip(verdicts))
        {
            var right = row.GetProperty("right");
            // Where checkers differ, a wrong answer may yet not be rewarded.
            if (Agrees(verdict, right) || Text(row, "policy") is { Length: > 0 }
                && !(verdict.Correct
                    && (right.ValueKind == JsonValueKind.False || right.ValueKind == JsonValueKind.Number && right.GetDouble() < 1)))
                    continue;
            failures.Add($"{Text(row, "gold")} | {row.GetProperty("pred").GetString()}: {right} expected, {verdict}");
        }
        return failures;
    }

    private static IEnumerable<JsonElement> Rows(string path) =>
        File.ReadLines(path).Select(line => JsonSerializer.Deserialize<JsonElement>(line));

    private static string RewardOf(JsonElement row) => row.GetProperty("reward").GetString()!;

    private static JsonObject Flat(JsonElement row)
    {
        var flat = new JsonObject();
        void Take(JsonElement from, params string[] names)
        {
            foreach (var name in names)
                if (from.TryGetProperty(name, out var value)) flat[name] = JsonNode.Parse(value.GetRawText());
        }

        Take(row, "pred", "gold", "options");
        if (!row.TryGetProperty("row", out var extras) || extras.ValueKind != JsonValueKind.Object) return flat;
        Take(extras, "tokens", "maxTokens");
        if (extras.TryGetProperty("fields", out var fields) && fields.ValueKind == JsonValueKind.Object)
            Take(fields, [.. fields.EnumerateObject().Select(field => field.Name)]);
        return flat;
    }

    private static string? Text(JsonElement row, string name) => row.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed record Verdict(double Score, bool Correct, RewardOutcome Outcome, string Reason);

    private static bool Agrees(Verdict grade, JsonElement right)
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
