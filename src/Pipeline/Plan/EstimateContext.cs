using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Pipeline.Plan;

/// <summary>What an estimator sees.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Model">The stage's model.</param>
/// <param name="LengthShare">Expected length of a completion as a share of the most that is allowed.</param>
/// <param name="Datasets">Counts the rows of data sets; null where none are read.</param>
/// <param name="Hub">Brings what the recipe names on the Hub; null where nobody does.</param>
internal sealed record EstimateContext(Recipe Recipe, PlanModel Model, double LengthShare, IDatasetReader? Datasets = null,
    IHubReader? Hub = null)
{
    /// <summary>A prompt's tokens: the longest of a generated task.</summary>
    public double PromptTokens(string task) => MemoryDemands.PromptTokens(Recipe.Tasks[task]);

    /// <summary>Completions sampled: everything is one forward pass a token, the prompt's included.</summary>
    public StageWork Generate(double completions, string task, SamplingRecipe sampling)
    {
        var length = sampling.MaxNewTokens * LengthShare;
        return new()
        {
            GeneratedTokens = completions * length, GenerationFlops = completions * Model.Forward(PromptTokens(task) + length),
            Memory = MemoryDemands.OfSampling(completions, PromptTokens(task), sampling),
        };
    }

    /// <summary>An evaluation: one greedy answer and k samples a problem of every benchmark.</summary>
    public StageWork Evaluate(EvaluationRecipe evaluation) => evaluation.All()
        .Select(benchmark =>
            Generate((double)benchmark.Value.Problems * (benchmark.Value.Samples + 1), benchmark.Value.Task!, benchmark.Value.Sampling))
        .Aggregate((sum, work) => sum + work);
}
