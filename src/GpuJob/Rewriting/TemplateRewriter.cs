using R1Cloud.GpuJob.Sampling;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Rewriting;

/// <summary>Rewrites by rule: the thinking in short, clean paragraphs, then a summary.</summary>
internal sealed class TemplateRewriter(TemplateRewrite recipe, ProblemSampler sampler) : IRewriter
{
    private const string Think = "<think>", EndThink = "</think>";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SampledAnswer?>> RewriteAsync(IReadOnlyList<Draft> drafts)
    {
        var rewritten = new List<SampledAnswer?>(drafts.Count);
        foreach (var draft in drafts)
        {
            var (problem, text) = (draft.Answer.Problem, draft.Answer.Text);
            var answer = EvaluationStatistics.AnswerOf(new(text, problem.Answer, draft.Answer.Finished)) ?? problem.Answer;
            try
            {
                rewritten.Add(await sampler.JudgeTextAsync(problem, Text(text, answer, problem.Prompt)));
            }
            catch (BadInputException e)
            {
                throw new BadInputException(
                    $"rewrite: the model's tokenizer cannot write what rewrite.separator and rewrite.summary ask for: {e.Message}", e);
            }
        }
        return rewritten;
    }

    /// <summary>The rewritten text. One that does not think is taken as thinking as a whole.</summary>
    /// <param name="text">The draft.</param>
    /// <param name="answer">Its answer.</param>
    /// <param name="prompt">The problem.</param>
    internal string Text(string text, string answer, string prompt)
    {
        var end = text.IndexOf(EndThink, StringComparison.Ordinal);
        var begin = text.IndexOf(Think, StringComparison.Ordinal) is >= 0 and var at && (end < 0 || at < end) ? at + Think.Length : 0;
        var thinking = ReadableText.Paragraphs(ReadableText.Normalise(end < 0 ? text[begin..] : text[begin..end]), recipe.MaxParagraph);
        // Where the prompt opens the thinking, the completion only closes it.
        var opening = begin > 0 || end < 0 ? Think : "";
        var summary = Placeholders.Fill(recipe.Summary, ("prompt", prompt), ("answer", answer));
        return $"{opening}{string.Join(recipe.Separator, thinking)}{EndThink}{summary}";
    }
}
