using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Generation;

/// <summary>Samples completions from a model. One call at a time.</summary>
internal interface IGenerator : IDisposable
{
    /// <summary>Takes over the model's weights as they are now; call it after an update.</summary>
    void Refresh();

    /// <summary>Samples completions.</summary>
    /// <param name="requests">Prompts and their samples' seeds.</param>
    /// <param name="sampling">How tokens are drawn; temperature 0 is greedy.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <param name="drawn">Told each token as it comes: request, sample, id; from any thread. Null for none.</param>
    /// <returns>By request, then by sample.</returns>
    /// <exception cref="BadInputException">A prompt is empty, has unknown ids or leaves no room for a token.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    IReadOnlyList<IReadOnlyList<GenerationResult>> Generate(IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling,
        CancellationToken cancellation = default, Action<int, int, int>? drawn = null);
}

/// <summary>A prompt and how often to continue it.</summary>
/// <param name="Prompt">Token ids, at least one.</param>
/// <param name="Seeds">One seed a sample. The noise of a sample is a function of its seed and the token's index alone: results do not
/// depend on batching, order or sharding.</param>
/// <param name="EosIds">Ids that end a completion.</param>
/// <param name="Stops">Makes what else may end a completion, one a sample, or null. It must be a function of the sample's tokens
/// alone.</param>
internal sealed record GenerationRequest(int[] Prompt, ulong[] Seeds, IReadOnlyList<int> EosIds, Func<IStopCondition>? Stops = null)
{
    /// <summary>
    /// Called with a sample's index and completion as soon as it has ended, from any thread, while others go on; must be quick and not
    /// throw.
    /// </summary>
    public Action<int, GenerationResult>? OnFinished { get; init; }
}

/// <summary>Watches one sample's tokens.</summary>
internal interface IStopCondition
{
    /// <summary>Takes the next token; true when it ends the completion.</summary>
    bool IsEnd(int token);
}

/// <summary>One completion.</summary>
/// <param name="Tokens">New token ids, the end id included.</param>
/// <param name="LogProbs">Log-probability of each token under the distribution it was drawn from: temperature and truncation included; 0
/// when greedy.</param>
/// <param name="PolicyLogProbs">Log-probability of each token under the plain policy (temperature 1, all tokens).</param>
/// <param name="Finish">Why it ended.</param>
internal sealed record GenerationResult(int[] Tokens, float[] LogProbs, float[] PolicyLogProbs, FinishReason Finish);

/// <summary>Why a completion ended.</summary>
internal enum FinishReason
{
    /// <summary>An end id or a stop string came.</summary>
    Stop,
    /// <summary>The limit on new tokens, or on positions, was reached.</summary>
    Length,
}
