using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Fitting;

/// <summary>What stages do with rows, by the kind of stage.</summary>
internal static class RowUses
{
    private static readonly Dictionary<Type, Func<StageRecipe, IEnumerable<RowUse>>> Known = new()
    {
        [typeof(RlStage)] = stage => Rl((RlStage)stage),
        [typeof(CollectStage)] = stage => Collect((CollectStage)stage),
        [typeof(RejectionSampleStage)] = stage => [Sample((SampleStage)stage)],
        [typeof(SftStage)] = stage => ((SftStage)stage).Data.Select(task => RowUse.Learned(task, ((SftStage)stage).Prompt)),
        [typeof(RewardModelStage)] = stage => [RowUse.Scored((RewardModelStage)stage)],
        [typeof(EvaluateStage)] = stage => Evaluation("evaluation", ((EvaluateStage)stage).Evaluation),
    };

    /// <summary>A stage's uses, those of its measurement among them.</summary>
    public static IEnumerable<RowUse> Of(Recipe recipe, string name, StageRecipe stage)
    {
        var own = Known.TryGetValue(stage.GetType(), out var uses) ? uses(stage) : [];
        var (at, student) = ModelNames.IsStudent(name) ? PlacesOf(name) : ($"stages.{name}", "");
        own = own.Select(use => use with
        {
            Field = Join(at, student.Length > 0 ? student : use.Field), PromptField = Join(at, use.PromptField),
        });
        return stage.YieldsModel() && recipe.Evaluation is { } evaluation ? own.Concat(Evaluation("evaluation", evaluation)) : own;
    }

    private static IEnumerable<RowUse> Rl(RlStage stage) => stage.PromptSources().Select(source =>
        RowUse.Asked(source.Source.Task, stage.Prompt, stage.Sampling.MaxNewTokens) with
        {
            Field = source.Name.Length > 0 ? $"sources.{source.Name}" : "", Rewards = source.Source.Rewards, IsTaught = true,
        });

    private static IEnumerable<RowUse> Collect(CollectStage stage)
    {
        yield return Sample(stage);
        if (stage.Rewrite is ModelRewrite rewrite)
            yield return RowUse.Rewritten(stage.Task, rewrite) with
            {
                Field = "rewrite", PromptField = "rewrite.prompt", Reader = rewrite.From ?? stage.From,
            };
    }

    private static RowUse Sample(SampleStage stage) =>
        RowUse.Asked(stage.Task, stage.Prompt, stage.Sampling.MaxNewTokens) with { Rewards = stage.Rewards };

    // A student is a stage of its own when a recipe is carried out, and one of several in the recipe.
    private static (string Stage, string Student) PlacesOf(string model)
    {
        var stage = ModelNames.StageOf(model);
        return ($"stages.{stage}", $"students.{model[(stage.Length + 1)..]}");
    }

    private static string Join(string outer, string inner) => inner.Length > 0 ? $"{outer}.{inner}" : outer;

    private static IEnumerable<RowUse> Evaluation(string field, EvaluationRecipe evaluation) =>
        evaluation.All().Select(benchmark =>
        {
            var at = evaluation.Benchmarks.Count > 0 ? $"{field}.benchmarks.{benchmark.Key}" : field;
            return Benchmark(benchmark.Value) with { Field = at, PromptField = $"{at}.prompt", Rewards = benchmark.Value.Rewards };
        });

    /// <summary>A benchmark's use of its task.</summary>
    public static RowUse Benchmark(BenchmarkRecipe benchmark) =>
        RowUse.Asked(benchmark.Task!, benchmark.Prompt, benchmark.Sampling.MaxNewTokens) with { HeldOut = benchmark.Problems };
}
