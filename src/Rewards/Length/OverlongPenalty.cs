using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Length;

/// <summary>Soft overlong punishment (DAPO, arXiv 2503.14476, equation 13).</summary>
internal sealed class OverlongPenalty(OverlongOptions options)
{
    /// <summary>0, then in a line down to −1 at the limit.</summary>
    /// <exception cref="BadInputException">No limit is known, or the buffer is longer than it.</exception>
    public Reward Score(Completion completion)
    {
        var limit = options.MaxTokens > 0 ? options.MaxTokens : completion.MaxTokens;
        if (limit == 0)
            throw new BadInputException(
                "Reward 'length/overlong': options.maxTokens: 0 takes sampling.maxNewTokens, which is not known here: a number above 0.");
        var buffer = options.BufferTokens > 0 ? options.BufferTokens : Math.Max(1, limit / 5);
        if (buffer > limit)
            throw new BadInputException(
                $"Reward 'length/overlong': options.bufferTokens: {buffer} is not allowed: at most maxTokens, {limit}.");
        var (length, free) = (completion.Tokens.Count, limit - buffer);
        return length <= free
            ? new(0, $"{length} of {free} free tokens")
            : new(Math.Max(-1, (free - length) / (double)buffer), $"{length} tokens: {length - free} of {buffer} into the buffer");
    }
}
