using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Fitting;

/// <summary>What stages do with rows, by the kind of stage.</summary>
internal static class RowUses
{
    private static readonly Dictionary<Type, Func<StageRecipe, IEnumerable<RowUse>>> Known = new()
    {
        [typeof(RlStage)] = stage => Rl((RlStage)stage),
        [typeof(CollectStage)] = stage => [Sample((SampleStage)stage)],
        [typeof(RejectionSampleStage)] = stage => [Sample((SampleStage)stage)],
        [typeof(SftStage)] = stage => ((SftStage)stage).Data.Select(task => RowUse.Learned(task, ((SftStage)stage).Prompt)),
        [typeof(RewardModelStage)] = stage => [RowUse.Scored((RewardModelStage)stage)],
        [typeof(EvaluateStage)] = stage => Evaluation("evaluation", ((EvaluateStage)stage).Evaluation),
    };

    /// <summary>A stage's uses, those of its measurement among them.</summary>
    public static IEnumerable<RowUse> Of(Recipe recipe, string name, StageRecipe stage)
    {
        var own = Known.TryGetValue(stage.GetType(), out var uses) ? uses(stage) : [];
        own = own.Select(use => use with { Field = $"stages.{name}{(use.Field.Length > 0 ? "." : "")}{use.Field}" });
        return stage.YieldsModel() && recipe.Evaluation is { } evaluation ? own.Concat(Evaluation("evaluation", evaluation)) : own;
    }

    private static IEnumerable<RowUse> Rl(RlStage stage) =>
        stage.PromptSources().Select(source => RowUse.Asked(source.Source.Task, stage.Prompt, stage.Sampling.MaxNewTokens));

    private static RowUse Sample(SampleStage stage) => RowUse.Asked(stage.Task, stage.Prompt, stage.Sampling.MaxNewTokens);

    private static IEnumerable<RowUse> Evaluation(string field, EvaluationRecipe evaluation) =>
        evaluation.All().Select(benchmark => Benchmark(benchmark.Value) with
    {
        Field = evaluation.Benchmarks.Count > 0 ? $"{field}.benchmarks.{benchmark.Key}" : field,
    });

    /// <summary>A benchmark's use of its task.</summary>
    public static RowUse Benchmark(BenchmarkRecipe benchmark) =>
        RowUse.Asked(benchmark.Task!, benchmark.Prompt, benchmark.Sampling.MaxNewTokens) with { HeldOut = benchmark.Problems };
}
