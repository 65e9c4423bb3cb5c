using R1Cloud.GpuJob.Sampling;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Rewriting;

/// <summary>A sample that is good enough, to be rewritten.</summary>
/// <param name="Question">Its question's number within the stage.</param>
/// <param name="Sample">Which of the question's samples it is.</param>
/// <param name="Answer">The sample.</param>
internal sealed record Draft(int Question, int Sample, SampledAnswer Answer);

/// <summary>
/// Rewrites samples into a readable form; each depends on itself alone, so that the rows do not depend on how the stage is cut into shards.
/// </summary>
internal interface IRewriter
{
    /// <summary>Rewrites.</summary>
    /// <returns>The rewritten samples, judged, in the same order; null where there was no room for one.</returns>
    Task<IReadOnlyList<SampledAnswer?>> RewriteAsync(IReadOnlyList<Draft> drafts);
}

/// <summary>The registry of rewriters by the recipe's record.</summary>
internal static class Rewriters
{
    /// <summary>What a rewriter needs of the job.</summary>
    /// <param name="Job">The job.</param>
    /// <param name="Sampler">The sampler of the model that answered.</param>
    /// <param name="Load">Makes the sampler of the model that rewrites, with the form in which it is asked.</param>
    public sealed record Surroundings(R1Cloud.Shared.Jobs.SampleJob Job, ProblemSampler Sampler,
        Func<PromptRecipe, Task<ProblemSampler>> Load);

    private static readonly Dictionary<Type, Func<RewriteRecipe, Surroundings, IRewriter>> Makers = new()
    {
        [typeof(TemplateRewrite)] = (recipe, around) => new TemplateRewriter((TemplateRewrite)recipe, around.Sampler),
        [typeof(ModelRewrite)] = (recipe, around) => new ModelRewriter((ModelRewrite)recipe, around),
    };

    /// <summary>The rewriter of a recipe.</summary>
    public static IRewriter Create(RewriteRecipe recipe, Surroundings around) => Makers[recipe.GetType()](recipe, around);
}
