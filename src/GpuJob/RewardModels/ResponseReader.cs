using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Texts;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Prompts;

namespace R1Cloud.GpuJob.RewardModels;

/// <summary>What a reward model reads of a prompt and its response: the same in training and in scoring.</summary>
/// <param name="prompt">How the prompt is put.</param>
/// <param name="part">Which part of the response is read.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="date">The date that chat templates see.</param>
/// <exception cref="BadInputException">The tokenizer cannot write the prompt's form.</exception>
internal sealed class ResponseReader(PromptRecipe prompt, ScoredPart part, ITokenizer tokenizer, DateOnly? date)
{
    private readonly PromptForm encodePrompt = PromptTemplates.Create(prompt, tokenizer, date);

    /// <summary>Token ids of prompt and part, the end mark last; null where the response lacks the part.</summary>
    /// <exception cref="BadInputException">The tokenizer lacks a character.</exception>
    public int[]? Read(PromptText problem, string response) => PartOf(response) is { } text ? Encode(encodePrompt(problem), text) : null;

    /// <summary>The same; a response with a character that the tokenizer lacks is the responder's doing and no error.</summary>
    /// <param name="problem">The prompt.</param>
    /// <param name="response">The response.</param>
    /// <param name="lacks">Why there is nothing to read.</param>
    /// <exception cref="BadInputException">The tokenizer lacks a character of the prompt.</exception>
    public int[]? TryRead(PromptText problem, string response, out string lacks)
    {
        lacks = "nothing of it that the model reads: the thinking does not end";
        if (PartOf(response) is not { } text) return null;
        var prompt = encodePrompt(problem);
        try
        {
            return Encode(prompt, text);
        }
        catch (BadInputException e)
        {
            lacks = e.Message;
            return null;
        }
    }

    private string? PartOf(string response) =>
        AnswerText.Of(new Completion(response, "", Finished: true),
            part == ScoredPart.Summary ? AnswerPart.AfterThinking : AnswerPart.Whole);

    private int[] Encode(EncodedPrompt prompt, string text) => [.. prompt.Ids, .. tokenizer.EncodeCompletion(prompt.Rest(text.Trim()))];
}
