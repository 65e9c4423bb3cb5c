using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Rewards.Mathematics;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Grading;

/// <summary>
/// Graders by the name of their reward. A reward that tells more than its score, or reads names of other checkers, has a maker here; every
/// other one is
/// graded by its function, made once for each set of options that rows have.
/// </summary>
internal static class Graders
{
    private static readonly Dictionary<string, Func<JsonElement, Grader>> Makers = new(StringComparer.Ordinal)
    {
        ["accuracy/math"] = Math,
    };

    /// <summary>The grader of a reward.</summary>
    /// <param name="reward">Its name.</param>
    /// <param name="options">Options for all rows; undefined when there are none. A row's own go before them, field by field.</param>
    /// <exception cref="BadInputException">There is no such reward, or an option is unknown or bad.</exception>
    public static Grader Get(string reward, JsonElement options) =>
        RewardFunctions.Find(reward).ByModel
            ? throw new BadInputException($"--reward: '{reward}' is given by a reward model inside a run and cannot be graded here.")
        : Makers.TryGetValue(reward, out var maker) ? maker(options) : OfFunction(reward, options);

    private static Grader Math(JsonElement options)
    {
        var all = Read(MathOptions.Default, options);
        return (completion, rowOptions) =>
        {
            var merged = Read(all, rowOptions);
            if (!completion.Finished) return Of(MathAnswer.Score(completion, merged));
            var verdict = MathAnswer.Judge(completion.Answer, completion.Text, merged);
            return new(verdict.Correct ? 1 : 0, verdict.Correct, verdict.Extracted, verdict.Reason, verdict.Outcome);
        };
    }

    private static MathOptions Read(MathOptions options, JsonElement json) => IsGiven(json) ? MathOptionsJson.Read(options, json) : options;

    private static bool IsGiven(JsonElement json) => json.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    private static Grader OfFunction(string reward, JsonElement options)
    {
        var functions = new ConcurrentDictionary<string, RewardFunction>(StringComparer.Ordinal);
        var forAll = RewardFunctions.Create(reward, IsGiven(options) ? options : null);
        return (completion, rowOptions) => Of((IsGiven(rowOptions)
            ? functions.GetOrAdd(rowOptions.GetRawText(), _ => RewardFunctions.Create(reward, Merged(options, rowOptions)))
            : forAll)(completion));
    }

    private static JsonElement Merged(JsonElement options, JsonElement rowOptions)
    {
        if (rowOptions.ValueKind != JsonValueKind.Object)
            throw new BadInputException($"options: {rowOptions.GetRawText()} is not an object.");
        if (!IsGiven(options)) return rowOptions;
        var merged = JsonObject.Create(options) ?? [];
        foreach (var option in rowOptions.EnumerateObject()) merged[option.Name] = JsonValue.Create(option.Value);
        return JsonSerializer.SerializeToElement(merged);
    }

    private static Grade Of(Reward reward) => new(reward.Score, reward.Judged && reward.Score >= 1, null, reward.Reason, reward.Outcome);
}
