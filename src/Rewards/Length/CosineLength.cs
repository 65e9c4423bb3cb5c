using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Length;

/// <summary>Cosine-scaled length (arXiv 2502.03373, section 4.1): the recipe's accuracy reward says what is right.</summary>
internal sealed class CosineLength(CosineOptions options)
{
    /// <summary>
    /// min + ½ (max − min) (1 + cos π·length/full), min and max changing places for wrong answers; no verdict where accuracy has none.
    /// </summary>
    /// <exception cref="BadInputException">No full length is known, or the recipe has no accuracy reward.</exception>
    public Reward Score(Completion completion)
    {
        var full = options.MaxLength > 0 ? options.MaxLength : options.Unit == LengthUnit.Tokens ? completion.MaxTokens : 0;
        if (full == 0)
            throw new BadInputException(
                "Reward 'length/cosine': options.maxLength: 0 takes sampling.maxNewTokens, which is not known here: a number above 0.");
        var (name, verdict) = completion.Verdicts.FirstOrDefault(verdict => verdict.Key.StartsWith("accuracy/", StringComparison.Ordinal));
        if (name is null)
            throw new BadInputException("Reward 'length/cosine' needs an accuracy reward in the same recipe; its weight may be 0.");
        if (!verdict.Judged) return verdict with { Reason = $"{name}: {verdict.Reason}" };

        var right = verdict.Score >= 1;
        var length = options.Unit == LengthUnit.Tokens ? completion.Tokens.Count : completion.Text.Length;
        var (low, high) = right ? (options.MinCorrect, options.MaxCorrect) : (options.MaxWrong, options.MinWrong);
        return new(low + 0.5 * (high - low) * (1 + Math.Cos(Math.PI * Math.Min(1, length / (double)full))),
            $"{(right ? "right" : "wrong")}, {length} of {full}");
    }
}
