using R1Cloud.GpuJob.Sampling;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Rewriting;

/// <summary>Has a model rewrite: it is told the problem and the draft, and what it writes takes the draft's place.</summary>
internal sealed class ModelRewriter(ModelRewrite recipe, Rewriters.Surroundings around) : IRewriter
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<SampledAnswer?>> RewriteAsync(IReadOnlyList<Draft> drafts)
    {
        if (drafts.Count == 0) return [];
        var sampler = await around.Load(recipe.Prompt);
        var asked = drafts.Select(draft => RewriteInstruction.Of(recipe, draft.Answer.Problem, draft.Answer.Text)).ToList();
        var fits = Enumerable.Range(0, drafts.Count).Where(index => sampler.Fits(asked[index], recipe.Sampling)).ToList();
        var written = await sampler.AskAsync([.. fits.Select(index => drafts[index].Answer.Problem)], recipe.Sampling, samples: 1,
            (index, _) =>
                Seeds.Derive(around.Job.Seed, around.Job.Stage + "/rewrite", drafts[fits[index]].Question, drafts[fits[index]].Sample),
            [.. fits.Select(index => asked[index])]);
        var rewritten = new SampledAnswer?[drafts.Count];
        for (var index = 0; index < fits.Count; index++) rewritten[fits[index]] = written[index][0];
        return rewritten;
    }
}
