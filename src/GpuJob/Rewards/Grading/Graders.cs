using System.Text.Json;
using R1Cloud.GpuJob.Rewards.Mathematics;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Rewards.Grading;

/// <summary>
/// Graders by the name of their reward. A reward that tells more than its score, or has options of a row, has a maker here; every other one is graded
/// by its function.
/// </summary>
internal static class Graders
{
    private static readonly Dictionary<string, Func<JsonElement, Action<string>, Grader>> Makers = new(StringComparer.Ordinal)
    {
        ["accuracy/math"] = Math,
    };

    /// <summary>The grader of a reward.</summary>
    /// <param name="reward">Its name.</param>
    /// <param name="options">Options for all rows; undefined when there are none.</param>
    /// <param name="unknown">Is told names of options that the reward does not know.</param>
    /// <exception cref="BadInputException">There is no such reward, or an option is bad.</exception>
    public static Grader Get(string reward, JsonElement options, Action<string> unknown) =>
        RewardFunctions.Find(reward).ByModel ? throw new BadInputException($"--reward: '{reward}' is given by a reward model inside a run and cannot be graded here.")
        : Makers.TryGetValue(reward, out var maker) ? maker(options, unknown) : OfFunction(RewardFunctions.Create(reward, options.ValueKind == JsonValueKind.Undefined ? null : options));

    private static Grader Math(JsonElement options, Action<string> unknown)
    {
        var all = Read(MathOptions.Default, options, unknown);
        return (gold, pred, rowOptions) =>
        {
            var verdict = MathAnswer.Judge(gold, pred, Read(all, rowOptions, unknown));
            return new(verdict.Correct ? 1 : 0, verdict.Correct, verdict.Extracted, verdict.Reason, verdict.Outcome);
        };
    }

    private static MathOptions Read(MathOptions options, JsonElement json, Action<string> unknown) =>
        json.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? options : MathOptionsJson.Read(options, json, unknown);

    private static Grader OfFunction(RewardFunction function) => (gold, pred, _) =>
    {
        var reward = function(new(pred, gold, Finished: true));
        return new(reward.Score, reward.Score >= 1, null, reward.Reason, reward.Outcome);
    };
}
