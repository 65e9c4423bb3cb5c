using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes;

/// <summary>Held-out problems of a task, and how they are asked and judged.</summary>
public record BenchmarkRecipe
{
    /// <summary>The task whose held-out problems are asked; a benchmark that names none asks those of the task of its own name.</summary>
    [TaskName]
    public string? Task { get; init; }

    /// <summary>Different problems asked.</summary>
    [Bounds(Min = 1, Max = 1_000_000)]
    public int Problems { get; init; } = 512;

    /// <summary>Samples a problem (k): pass@1 is their mean.</summary>
    [Bounds(Min = 1, Max = 1024)]
    public int Samples { get; init; } = 4;

    /// <summary>How a problem is put to the model.</summary>
    public PromptRecipe Prompt { get; init; } = new();

    /// <summary>How the samples are drawn; greedy accuracy is always measured besides.</summary>
    public SamplingRecipe Sampling { get; init; } = new() { Temperature = 0.6, TopP = 0.95 };

    /// <summary>
    /// The reward functions that judge the answers; weights have no part here. Empty takes all that the run's stages have.
    /// </summary>
    [KnownReward(OnNames = true)]
    public IReadOnlyDictionary<string, RewardRecipe> Rewards { get; init; } = new Dictionary<string, RewardRecipe>();
}

/// <summary>
/// What is measured of a model: one benchmark, named by its task, or several by name. Of several, each has what the evaluation says beside
/// them unless it says otherwise itself.
/// </summary>
public sealed record EvaluationRecipe : BenchmarkRecipe
{
    /// <summary>Several benchmarks by name, in place of the one that <c>task</c> makes. The first is the run's main one.</summary>
    [Name(OnNames = true), JsonPropertyOrder(1), JsonConverter(typeof(OrderedMapConverter<BenchmarkRecipe>))]
    public IReadOnlyDictionary<string, BenchmarkRecipe> Benchmarks { get; init; } = new OrderedDictionary<string, BenchmarkRecipe>();

    /// <summary>The benchmark that an RL stage's <c>evaluateEvery</c> asks; null takes the first.</summary>
    [JsonPropertyOrder(1), NoEffect("curves look at the model and do not touch it")]
    public string? Curve { get; init; }

    /// <summary>
    /// Bands in which figures are expected, e.g. <c>pass@1 0.98 ± 0.015 after rl</c>: the report says whether each is inside, and
    /// <c>r1 verify</c> by its exit code.
    /// </summary>
    [Expected, JsonPropertyOrder(1), NoEffect("it judges what was measured and changes nothing of it")]
    public IReadOnlyList<string>? Expect { get; init; }

    /// <summary>The benchmarks in order, each with its name and the name of its task.</summary>
    /// <exception cref="InvalidOperationException">There are none; the recipe's check should have said so.</exception>
    public IReadOnlyList<KeyValuePair<string, BenchmarkRecipe>> All() => Benchmarks.Count > 0
        ? [.. Benchmarks.Select(benchmark =>
            KeyValuePair.Create(benchmark.Key, benchmark.Value with { Task = benchmark.Value.Task ?? benchmark.Key }))]
        : [KeyValuePair.Create<string, BenchmarkRecipe>(Task
            ?? throw new InvalidOperationException("An evaluation needs a task or benchmarks."), this)];

    /// <summary>Whether a benchmark names no rewards, so that those of all the run's stages judge it.</summary>
    public bool TakesAllRewards() => All().Any(benchmark => benchmark.Value.Rewards.Count == 0);

    /// <summary>The benchmark of learning curves.</summary>
    public KeyValuePair<string, BenchmarkRecipe> OfCurve() => Curve is null ? All()[0] : All().First(benchmark => benchmark.Key == Curve);
}
