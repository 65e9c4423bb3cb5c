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
    /// <summary>Prompt tokens of data-set problems, which are not counted before the run.</summary>
    public const int DatasetPromptTokens = 256;

    /// <summary>A prompt's tokens: the longest of a generated task.</summary>
    public double PromptTokens(string task) => TaskBounds.Of(Recipe.Tasks[task])?.PromptTokens ?? DatasetPromptTokens;

    /// <summary>Completions sampled: everything is one forward pass a token, the prompt's included.</summary>
    public StageWork Generate(double completions, string task, SamplingRecipe sampling)
    {
        var length = sampling.MaxNewTokens * LengthShare;
        return new()
        {
            GeneratedTokens = completions * length, GenerationFlops = completions * Model.Forward(PromptTokens(task) + length),
            Memory = new() { CachedTokens = MemoryDemand.Cache(completions, PromptTokens(task) + sampling.MaxNewTokens) },
        };
    }

    /// <summary>An evaluation: one greedy answer and k samples a problem of every benchmark.</summary>
    public StageWork Evaluate(EvaluationRecipe evaluation) => evaluation.All()
        .Select(benchmark =>
            Generate((double)benchmark.Value.Problems * (benchmark.Value.Samples + 1), benchmark.Value.Task!, benchmark.Value.Sampling))
        .Aggregate((sum, work) => sum + work);
}
