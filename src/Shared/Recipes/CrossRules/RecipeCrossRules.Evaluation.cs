using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.CrossRules;

/// <summary>The rules of what is measured.</summary>
internal sealed partial class RecipeCrossRules
{
    public void CheckEvaluation(string path, EvaluationRecipe evaluation, ModelLimit? model)
    {
        if (evaluation.Benchmarks.Count == 0 && evaluation.Task is null)
        {
            if (!problems.Concern(path))
                problems.Add(tree.Find(path).Node.At, $"{path}.task", "nothing", "\"task\" is missing",
                    "a name in \"tasks\", or \"benchmarks\" by name");
            return;
        }
        Require(evaluation.Benchmarks.Count == 0 || evaluation.Task is null, $"{path}.task", evaluation.Task ?? "",
            "left out where there are benchmarks: each has a task of its own", involved: $"{path}.benchmarks");
        Require(evaluation.Curve is null || evaluation.All().Any(benchmark => benchmark.Key == evaluation.Curve), $"{path}.curve",
            evaluation.Curve ?? "",
            $"one of the benchmarks: {string.Join(", ", evaluation.All().Select(benchmark => benchmark.Key))}",
                Spelling.DidYouMean(evaluation.Curve ?? "", evaluation.All().Select(benchmark => benchmark.Key)),
                involved: $"{path}.benchmarks");
        foreach (var (at, benchmark) in BenchmarksOf(path, evaluation)) CheckBenchmark(at, benchmark, model);
        CheckExpected(path, evaluation);
    }

    // An evaluate stage's bands are about the model that it measures.
    private void CheckExpected(string path, EvaluationRecipe evaluation)
    {
        var own = path.Split('.') is ["stages", var stage, ..] ? stage : null;
        var measuring = own is not null ? [own] : stages.Where(one => one.Value.YieldsModel()).Select(one => one.Key).ToList();
        for (var place = 0; place < (evaluation.Expect?.Count ?? 0); place++)
        {
            if (Expectation.TryParse(evaluation.Expect![place]) is not { } expected) continue;
            var at = FormattableString.Invariant($"{path}.expect[{place}]");
            Require(measuring.Contains(expected.Stage), at, expected.Stage,
                $"after a stage whose model is measured: {string.Join(", ", measuring)}", Spelling.DidYouMean(expected.Stage, measuring),
                involved: "stages");
            var names = evaluation.All().Select(benchmark => benchmark.Key).ToList();
            Require(expected.Benchmark is null || names.Contains(expected.Benchmark), at, expected.Benchmark ?? "",
                $"one of the benchmarks: {string.Join(", ", names)}", Spelling.DidYouMean(expected.Benchmark ?? "", names),
                involved: $"{path}.benchmarks");
        }
    }

    private void CheckBenchmark(string path, BenchmarkRecipe benchmark, ModelLimit? model)
    {
        Require(benchmark.Sampling.WhyGreedy() is null || benchmark.Samples == 1, $"{path}.samples", benchmark.Samples,
            $"1 {benchmark.Sampling.WhyGreedy()}: all samples are the same", involved: $"{path}.sampling.temperature");
        if (CheckTask($"{path}.task", benchmark.Task!,
            tree.Find($"{path}.task").Found ? "" : "; a benchmark without \"task\" asks the task of its own name") is { } bounds)
        {
            Require(benchmark.Problems <= bounds.HeldOut, $"{path}.problems", benchmark.Problems,
                $"at most {bounds.HeldOut}: the held-out problems of task {benchmark.Task}",
                    involved: [$"{path}.task", $"tasks.{benchmark.Task}"]);
        }
        Require(benchmark.Rewards.Count > 0 || hasRewards, $"{path}.rewards", "nothing",
            "at least one reward that judges the answers: no stage of the recipe has any", involved: "stages");
        CheckMeasured(path, benchmark, model);
    }

    private void CheckMeasured(string path, BenchmarkRecipe benchmark, ModelLimit? model)
    {
        CheckPrompt($"{path}.prompt", benchmark.Prompt, model);
        CheckLength(path, benchmark.Sampling, $"{path}.task", benchmark.Task!, model);
        CheckAsked($"{path}.task", benchmark.Task!, model);
        CheckScored($"{path}.rewards", benchmark.Rewards, benchmark.Task!, model);
    }

    // The short form's one benchmark is the evaluation itself.
    public static IEnumerable<(string Path, BenchmarkRecipe Benchmark)> BenchmarksOf(string path, EvaluationRecipe evaluation) =>
        evaluation.Benchmarks.Count == 0 && evaluation.Task is null ? []
        : evaluation.All()
            .Select(benchmark => (evaluation.Benchmarks.Count > 0 ? $"{path}.benchmarks.{benchmark.Key}" : path, benchmark.Value));
}
