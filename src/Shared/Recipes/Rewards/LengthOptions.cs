using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Rewards;

/// <summary>
/// Soft overlong punishment (DAPO, arXiv 2503.14476, equation 13): 0 up to maxTokens − bufferTokens, then in a line to −1 at maxTokens.
/// </summary>
public sealed record OverlongOptions
{
    /// <summary>Tokens at which the penalty reaches −1; 0 takes the stage's <c>sampling.maxNewTokens</c>.</summary>
    [Bounds(Min = 0, Max = 1_048_576)]
    public int MaxTokens { get; init; }

    /// <summary>Tokens before the end where the penalty begins; 0 takes a fifth, as DAPO does (4,096 of 20,480).</summary>
    [Bounds(Min = 0, Max = 1_048_576)]
    public int BufferTokens { get; init; }
}

/// <summary>
/// Cosine-scaled length (Demystifying Long Chain-of-Thought, arXiv 2502.03373, section 4.1; values as in open-r1): right answers score more
/// the shorter they are, wrong ones less the shorter they are. The recipe must have an accuracy reward (its weight may be 0).
/// </summary>
public sealed record CosineOptions
{
    /// <summary>Score of a wrong answer of no length.</summary>
    public double MinWrong { get; init; } = -1;

    /// <summary>Score of a wrong answer of the full length.</summary>
    public double MaxWrong { get; init; } = -0.5;

    /// <summary>Score of a right answer of the full length.</summary>
    public double MinCorrect { get; init; } = 0.5;

    /// <summary>Score of a right answer of no length.</summary>
    public double MaxCorrect { get; init; } = 1;

    /// <summary>The full length; 0 takes the stage's <c>sampling.maxNewTokens</c> (tokens only).</summary>
    [Bounds(Min = 0, Max = 10_000_000)]
    public int MaxLength { get; init; }

    /// <summary>What length is counted in.</summary>
    public LengthUnit Unit { get; init; } = LengthUnit.Tokens;
}

/// <summary>What length is counted in.</summary>
public enum LengthUnit
{
    /// <summary>Token ids, the end mark included.</summary>
    Tokens,
    /// <summary>UTF-16 units of the text.</summary>
    Characters,
}
