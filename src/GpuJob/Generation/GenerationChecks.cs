using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Generation;

/// <summary>What every generator asks of its input.</summary>
internal static class GenerationChecks
{
    /// <summary>Checks prompts and sampling settings.</summary>
    /// <exception cref="BadInputException">Names what is wrong and what is allowed.</exception>
    public static void Validate(ModelConfig config, IReadOnlyList<GenerationRequest> requests, SamplingRecipe sampling)
    {
        if (!(sampling.Temperature >= 0) || double.IsInfinity(sampling.Temperature))
            throw Error("temperature", sampling.Temperature, "0 (greedy) or more");
        if (!(sampling.TopP > 0 && sampling.TopP <= 1)) throw Error("topP", sampling.TopP, "above 0, up to 1");
        if (sampling.TopK < 0) throw Error("topK", sampling.TopK, "0 (all) or more");
        if (!(sampling.MinP >= 0 && sampling.MinP <= 1)) throw Error("minP", sampling.MinP, "0 (all) to 1 (the most likely)");
        if (sampling.MaxNewTokens < 1) throw Error("maxNewTokens", sampling.MaxNewTokens, "1 or more");
        for (var i = 0; i < requests.Count; i++)
        {
            var prompt = requests[i].Prompt;
            if (prompt.Length < 1 || prompt.Length >= config.MaxPositions)
            {
                throw new BadInputException(
                    $"Prompt {i} has {prompt.Length} tokens; allowed is 1 to {config.MaxPositions - 1} (the model's positions less one).");
            }
            foreach (var id in prompt)
            {
                if ((uint)id >= (uint)config.VocabularySize)
                    throw new BadInputException($"Prompt {i} has the id {id}; allowed is 0 to {config.VocabularySize - 1}.");
            }
        }
    }

    /// <summary>How many tokens a prompt may be continued by.</summary>
    public static int Limit(ModelConfig config, int promptLength, SamplingRecipe sampling) =>
        Math.Min(sampling.MaxNewTokens, config.MaxPositions - promptLength);

    private static BadInputException Error(string field, object value, string allowed) =>
        new(FormattableString.Invariant($"sampling.{field} is {value}; allowed is {allowed}."));
}
