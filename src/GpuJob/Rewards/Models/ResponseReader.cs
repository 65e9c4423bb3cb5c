using R1Cloud.GpuJob.Prompts;
using R1Cloud.GpuJob.Tokenizers;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Rewards.Models;

/// <summary>What a reward model reads of a prompt and its response: the same in training and in scoring.</summary>
/// <param name="prompt">How the prompt is put.</param>
/// <param name="part">Which part of the response is read.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <exception cref="BadInputException">The tokenizer cannot write the prompt's form.</exception>
internal sealed class ResponseReader(PromptRecipe prompt, ScoredPart part, ITokenizer tokenizer)
{
    private readonly Func<string, int[]> encodePrompt = PromptTemplates.Create(prompt, tokenizer);

    /// <summary>Token ids of prompt and part, the end mark last; null where the response lacks the part.</summary>
    /// <exception cref="BadInputException">The tokenizer lacks a character.</exception>
    public int[]? Read(string problem, string response) =>
        AnswerText.Of(new Completion(response, "", Finished: true), part == ScoredPart.Summary ? AnswerPart.AfterThinking : AnswerPart.Whole) is { } text
            ? [.. encodePrompt(problem), .. tokenizer.Encode(text.Trim()), tokenizer.EosId]
            : null;
}
