using System.Globalization;
using System.Text.Json;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Texts;
using R1Cloud.Testing;

namespace R1Cloud.Rewards.Tests;

/// <summary>The values that TRL's and open-r1's own tests expect of the rewards that we have.</summary>
public sealed class PublicRewardCasesTests
{
    private const string Cases = "data/shared_only/format_reward_cases.jsonl";

    // Its value is that of 3-grams (3 of 4 differ), its settings say 2 (3 of 5 differ): the test it comes from makes two calls.
    private const string Mislabelled = "test_ngram_size_changes_reward";

    // The cases' names and ours.
    private static readonly Dictionary<string, (string Reward, string Options)> Names = new()
    {
        ["think_format"] = ("format/think", "{}"),
        ["think_answer_format"] = ("format/think-answer", "{}"),
        ["tag_count"] = ("format/tag-count", "{}"),
        ["reasoning_steps"] = ("format/reasoning-steps", "{}"),
        ["get_soft_overlong_punishment"] = ("length/overlong", """{"maxTokens":max_completion_len,"bufferTokens":soft_punish_cache}"""),
        ["get_repetition_penalty_reward"] = ("repetition/ngram", """{"unit":"tokens","ngramSize":ngram_size,"maxPenalty":max_penalty}"""),
        ["repetition_penalty(words)"] = ("repetition/ngram", """{"unit":"words","ngramSize":ngram_size,"maxPenalty":max_penalty}"""),
        ["cosine_scaled"] =
            ("length/cosine",
                """{"unit":"characters","maxLength":max_len,"minWrong":min_value_wrong,"maxWrong":max_value_wrong,"minCorrect":min_value_correct,"maxCorrect":max_value_correct}"""),
    };

    [Fact]
    public void Score_EveryPublicCase_IsTheExpectedValue()
    {
        var (file, checkedCases) = (Fixtures.Shared(Cases), 0);
        foreach (var line in File.ReadLines(file))
        {
            var row = JsonSerializer.Deserialize<JsonElement>(line);
            var name = row.GetProperty("reward").GetString()!;
            if (row.GetProperty("test").GetString() == Mislabelled) continue;
            Names.ShouldContainKey(name);
            var (reward, template) = Names[name];
            var score = RewardFunctions.Create(reward, JsonSerializer.Deserialize<JsonElement>(Fill(template, row)));
            var tolerance = row.TryGetProperty("places", out var places) ? Math.Pow(10, -places.GetInt32()) : 1e-9;
            foreach (var (completion, expected) in Completions(row).Zip(Expected(row)))
            {
                score(completion).Score.ShouldBe(expected, tolerance, $"{name} {row.GetProperty("test").GetString()}: {completion.Text}");
                checkedCases++;
            }
        }
        checkedCases.ShouldBeGreaterThanOrEqualTo(68);
    }

    private static IEnumerable<Completion> Completions(JsonElement row)
    {
        if (row.TryGetProperty("completion_ids", out var ids))
            return ids.EnumerateArray().Select(tokens => new Completion("", "", true) { Tokens = tokens.Ints() });
        if (row.TryGetProperty("texts", out var texts))
            return texts.EnumerateArray().Select(text => new Completion(text.GetString()!, "", true));
        var answer = row.TryGetProperty("gold", out var gold) ? gold.GetString()! : "";
        var completion = new Completion(row.GetProperty("text").GetString()!, answer, true);
        return [completion with {
            Verdicts = new Dictionary<string, Reward> {
                ["accuracy/boxed"] = new(AnswerText.LastBoxed(completion.Text) == answer ? 1 : 0, "") } }];
    }

    private static double[] Expected(JsonElement row) =>
        row.GetProperty("expected") is { ValueKind: JsonValueKind.Array } many ? many.Numbers() : [row.GetProperty("expected").GetDouble()];

    private static string Fill(string template, JsonElement row)
    {
        if (!row.TryGetProperty("params", out var parameters)) return template;
        var values = parameters.ValueKind == JsonValueKind.Object
            ? parameters.EnumerateObject().Select(p => (p.Name, Value: p.Value.GetDouble().ToString(CultureInfo.InvariantCulture)))
            : parameters.GetString()!.Split(", ").Select(p => p.Split('=')).Select(p => (Name: p[0], Value: p[1]));
        return values.Aggregate(template,
            (filled, value) => filled.Replace($":{value.Name},", $":{value.Value},").Replace($":{value.Name}}}", $":{value.Value}}}"));
    }
}
