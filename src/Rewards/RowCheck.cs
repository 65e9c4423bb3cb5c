using System.Text.Json;
using R1Cloud.Rewards.Mathematics;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards;

/// <summary>Finds rows that a reward could not judge, whatever the completion: they are reported before a run pays for one.</summary>
internal sealed class RowCheck
{
    private readonly RewardFunction score;
    private readonly MathOptions? mathematics;

    private RowCheck(RewardFunction score, MathOptions? mathematics) => (this.score, this.mathematics) = (score, mathematics);

    /// <summary>The check of a reward; null where the reward looks at no row.</summary>
    /// <param name="reward">The reward's name.</param>
    /// <param name="options">Its options; null for the defaults.</param>
    /// <exception cref="BadInputException">There is no such reward, or an option is bad.</exception>
    public static RowCheck? For(string reward, JsonElement? options)
    {
        var function = RewardFunctions.Create(reward, options);
        if (!reward.StartsWith("accuracy/", StringComparison.Ordinal) && !reward.StartsWith("instructions/", StringComparison.Ordinal))
            return null;
        return new(function, reward == "accuracy/math" ? RewardOptions.Bind<MathOptions>(reward, options) : null);
    }

    /// <summary>What is wrong with a row, or null.</summary>
    /// <param name="answer">Its right answer.</param>
    /// <param name="fields">Its other columns.</param>
    public string? Problem(string answer, IReadOnlyDictionary<string, JsonElement> fields)
    {
        try
        {
            if (mathematics is not null && MathAnswer.Problem(answer, mathematics) is { } unreadable) return unreadable;
            // An empty completion holds nothing to judge: what fails is the row.
            var judged = score(new Completion("", answer, Finished: true) { Fields = fields });
            return judged.Outcome == RewardOutcome.Error ? judged.Reason : null;
        }
        catch (BadInputException e)
        {
            return e.Message;
        }
    }
}
