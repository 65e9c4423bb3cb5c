using R1Cloud.Shared;

namespace R1Cloud.GpuJob.Generation;

/// <summary>A sample on its way.</summary>
/// <param name="source">What it continues.</param>
/// <param name="request">Number of the request.</param>
/// <param name="index">Which of its samples.</param>
/// <param name="seed">Its seed.</param>
/// <param name="limit">Most tokens.</param>
internal sealed class GeneratedSample(GenerationRequest source, int request, int index, ulong seed, int limit)
{
    private readonly List<int> tokens = [];
    private readonly List<float> logProbs = [], policyLogProbs = [];
    private readonly IStopCondition? stop = source.Stops?.Invoke();
    private GenerationResult? result;

    public GenerationRequest Source => source;
    public int Request => request;
    public int Index => index;
    public ulong Seed => seed;
    public int Limit => limit;

    /// <summary>Tokens drawn.</summary>
    public int Count => tokens.Count;

    /// <summary>The tokens.</summary>
    public IReadOnlyList<int> Tokens => tokens;

    /// <summary>The last token drawn.</summary>
    public int Last => tokens[^1];

    /// <summary>Takes a token; true when the sample has ended.</summary>
    /// <exception cref="NonFiniteException">A drawn token has a probability above 0: where its logarithm is not finite, the logits were
    /// not.</exception>
    public bool Add(int token, float logProb, float policyLogProb)
    {
        if (!float.IsFinite(logProb) || !float.IsFinite(policyLogProb))
            throw new NonFiniteException(
                $"Prompt {request}, sample {index}: the log-probability of token {tokens.Count} "
                + $"is {(float.IsFinite(logProb) ? policyLogProb : logProb)}: the model's logits are not finite.");
        tokens.Add(token);
        logProbs.Add(logProb);
        policyLogProbs.Add(policyLogProb);
        var stopped = source.EosIds.Contains(token) || stop?.IsEnd(token) == true;
        if (!stopped && tokens.Count < limit) return false;
        result = new([.. tokens], [.. logProbs], [.. policyLogProbs], stopped ? FinishReason.Stop : FinishReason.Length);
        source.OnFinished?.Invoke(index, result);
        return true;
    }

    /// <summary>What came of it, once it has ended.</summary>
    public GenerationResult ToResult() => result ?? throw new InvalidOperationException("The sample has not ended.");
}
