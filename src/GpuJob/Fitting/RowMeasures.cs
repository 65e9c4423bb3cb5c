using R1Cloud.GpuJob.RewardModels;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Tokenizers;
using R1Cloud.Tokenizers.Prompts;

namespace R1Cloud.GpuJob.Fitting;

/// <summary>Says why a model has no room for a row; null where it has.</summary>
/// <exception cref="BadInputException">The row cannot be written at all: its characters, its roles or its form are not the
/// model's.</exception>
internal delegate string? RowMeasure(Problem row);

/// <summary>
/// The measures of rows, one for each use that stages make of them. The check before a run and the jobs themselves ask the same.
/// </summary>
/// <param name="Tokenizer">The model's tokenizer.</param>
/// <param name="Positions">The longest sequence that the model takes.</param>
/// <param name="Date">The date that chat templates see.</param>
internal sealed record RowMeasures(ITokenizer Tokenizer, int Positions, DateOnly? Date)
{
    /// <summary>A prompt with room for the longest completion allowed.</summary>
    public RowMeasure Asked(PromptRecipe prompt, int maxNewTokens)
    {
        var form = PromptTemplates.Create(prompt, Tokenizer, Date);
        return row =>
        {
            var length = form(row.Asked).Ids.Length;
            if (length == 0) throw new BadInputException("its prompt has no token: the form writes nothing of it");
            return (long)length + maxNewTokens > Positions
                ? $"its prompt has {length} tokens; the model takes {Positions}, of which maxNewTokens wants {maxNewTokens} for the completion"
                : null;
        };
    }

    /// <summary>A prompt with the completion to be learned.</summary>
    public RowMeasure Learned(PromptRecipe prompt)
    {
        var form = PromptTemplates.Create(prompt, Tokenizer, Date);
        return row =>
        {
            var prompt = form(row.Asked);
            var length = prompt.Ids.Length
                + Tokenizer.EncodeCompletion(
                    prompt.Rest(row.Completion ?? throw new BadInputException("it has no completion to learn from"))).Length;
            return length > Positions ? $"it has {length} tokens with its completion; the model takes {Positions}" : null;
        };
    }

    /// <summary>A prompt with the responses that a reward model reads.</summary>
    public RowMeasure Scored(PromptRecipe prompt, ScoredPart part, IReadOnlyList<string> responses)
    {
        var reader = new ResponseReader(prompt, part, Tokenizer, Date);
        return row =>
            responses.Select(name =>
                (Name: name,
                    Ids: reader.Read(row.Asked, row.Fields[name].GetString()!)
                    ?? throw new BadInputException($"the thinking of {name} does not end, so there is no summary to score")))
            .Where(response => response.Ids.Length > Positions)
            .Select(response => $"{response.Name} has {response.Ids.Length} tokens with its prompt; the model takes {Positions}")
                .FirstOrDefault();
    }
}
