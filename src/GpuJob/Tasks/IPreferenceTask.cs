using R1Cloud.Shared;
using R1Cloud.Tokenizers.Prompts;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>Two responses to a prompt, one of which people would rather read: what a helpfulness reward model learns from.</summary>
/// <param name="Id">Names the pair.</param>
/// <param name="Prompt">What the model reads.</param>
/// <param name="Chosen">The better response, thinking and tags included where it has them.</param>
/// <param name="Rejected">The worse one.</param>
internal sealed record PreferencePair(string Id, PromptText Prompt, string Chosen, string Rejected);

/// <summary>A response with a label: what a safety reward model learns from.</summary>
/// <param name="Id">Names the response.</param>
/// <param name="Prompt">What the model reads.</param>
/// <param name="Response">The whole response.</param>
/// <param name="Safe">Whether it is harmless.</param>
internal sealed record LabelledResponse(string Id, PromptText Prompt, string Response, bool Safe);

/// <summary>A source of preference pairs, split into those to learn from and those held out.</summary>
internal interface IPreferenceTask
{
    /// <summary>Draws a training pair.</summary>
    /// <param name="draw">Decides which.</param>
    PreferencePair TrainingPair(ProblemDraw draw);

    /// <summary>Different held-out pairs: always the same, in the same order.</summary>
    /// <param name="count">How many.</param>
    /// <exception cref="BadInputException">There are not so many.</exception>
    IReadOnlyList<PreferencePair> HeldOutPairs(int count);
}

/// <summary>A source of labelled responses, split into those to learn from and those held out.</summary>
internal interface ILabelledTask
{
    /// <summary>Draws a training response.</summary>
    /// <param name="draw">Decides which.</param>
    LabelledResponse TrainingResponse(ProblemDraw draw);

    /// <summary>Different held-out responses: always the same, in the same order.</summary>
    /// <param name="count">How many.</param>
    /// <exception cref="BadInputException">There are not so many.</exception>
    IReadOnlyList<LabelledResponse> HeldOutResponses(int count);
}
