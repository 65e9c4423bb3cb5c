namespace R1Cloud.Shared.Recipes;

/// <summary>Soft overlong punishment (DAPO, arXiv 2503.14476, equation 13): 0 up to maxTokens − bufferTokens, then in a line to −1 at maxTokens.</summary>
public sealed record OverlongOptions
{
    /// <summary>Tokens at which the penalty reaches −1; 0 takes the stage's <c>sampling.maxNewTokens</c>.</summary>
    [Bounds(Min = 0, Max = 1_048_576)]
    public int MaxTokens { get; init; }

    /// <summary>Tokens before the end where the penalty begins; 0 takes a fifth, as DAPO does (4,096 of 20,480).</summary>
    [Bounds(Min = 0, Max = 1_048_576)]
    public int BufferTokens { get; init; }
}
