using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Pipeline.Stages;

/// <summary>A benchmark of a model, to be run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="First">Whether its figures are the evaluation's own too.</param>
/// <param name="Job">The job.</param>
internal sealed record Benchmark(string Name, bool First, JobSpec Job);

/// <summary>Measures models, from inside an orchestrator. Every benchmark is a job of its own.</summary>
internal static class Evaluations
{

    /// <summary>All benchmarks of an evaluation, with example answers: a stage's last word.</summary>
    /// <param name="stage">The stage that they belong to.</param>
    /// <param name="evaluation">What is measured.</param>
    /// <param name="checkpoint">The model.</param>
    /// <param name="step">The model's step: part of the jobs' ids.</param>
    public static IReadOnlyList<Benchmark> All(StageInput stage, EvaluationRecipe evaluation, string checkpoint, int step) =>
        [.. evaluation.All()
            .Select((benchmark, index) =>
                new Benchmark(benchmark.Key, index == 0,
                    Job(stage, benchmark.Value, checkpoint, EvaluationPlan.FinalId(stage.Label, step, index), final: true)))];

    /// <summary>
    /// The benchmark of a point of the learning curve: greedy decoding alone, as the samples of pass@1 would cost several times as much.
    /// </summary>
    public static Benchmark Point(StageInput stage, EvaluationRecipe evaluation, string checkpoint, int step)
    {
        var (name, benchmark) = evaluation.OfCurve();
        return new(name, name == evaluation.All()[0].Key,
            Job(stage, benchmark with { Samples = 0 }, checkpoint, JobId.Create(stage.Label, step, JobKinds.Evaluate), final: false));
    }

    /// <summary>Runs benchmarks side by side. Of their time the slowest one's counts.</summary>
    public static async Task<EvaluationResult> RunAsync(IOrchestrationContext context, JobCalls jobs, IReadOnlyList<Benchmark> benchmarks)
    {
        var start = context.CurrentUtcDateTime;
        var results = await Task.WhenAll(benchmarks.Select(benchmark => jobs.RunAsync(context, benchmark.Job)));
        var metrics = new Dictionary<string, double>();
        foreach (var (benchmark, result) in benchmarks.Zip(results))
        {
            foreach (var (name, value) in result.Metrics)
            {
                // the step has tokens of its own
                if (name == MetricNames.Tokens) metrics[MetricNames.EvalTokens] = metrics.GetValueOrDefault(MetricNames.EvalTokens) + value;
                else metrics[MetricNames.OfBenchmark(name, benchmark.Name)] = value;
                if (benchmark.First && name != MetricNames.Tokens) metrics.TryAdd(name, value);
            }
        }
        return new(
            metrics,
            results.MaxBy(result =>
                result.Timing.Total)!.Time() with { Wall = Instants.Between(start, context.CurrentUtcDateTime).TotalSeconds },
            [.. benchmarks.Zip(results,
                (benchmark, result) =>
                new BenchmarkResult(benchmark.Name, result.Outputs.GetValueOrDefault("samples"),
                    result.Outputs.GetValueOrDefault("problems")))],
            results.Numerics());
    }

    private static JobSpec Job(StageInput stage, BenchmarkRecipe benchmark, string checkpoint, string id, bool final) =>
        stage.Job(id, new EvaluateJob
    {
        Settings = benchmark,
        Task = stage.Tasks[benchmark.Task!],
        Rewards = stage.Available(benchmark.Rewards.Count > 0 ? benchmark.Rewards : stage.Rewards),
        Checkpoint = checkpoint,
        WithSamples = final,
    });
}
