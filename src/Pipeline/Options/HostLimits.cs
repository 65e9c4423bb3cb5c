using System.Globalization;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Pipeline.Options;

/// <summary>
/// What a host lends to those who may call it. What is beyond is refused before anything is started: 422 for a recipe, 429 for a request
/// that may come again later.
/// </summary>
public sealed record HostLimits
{
    private const string Code = "accuracy/code";

    /// <summary>Workers that a recipe may ask for.</summary>
    public int WorkersPerRun { get; init; } = 1000;

    /// <summary>Runs that are not finished.</summary>
    public int ActiveRuns { get; init; } = 64;

    /// <summary>Interpreters that wait for programs to judge, in all of a worker's verifiers.</summary>
    public int WarmSandboxes { get; init; } = 1024;

    /// <summary>Memory in MiB of the programs that a worker's verifiers judge at a time: two sandboxes each.</summary>
    public long SandboxMegabytes { get; init; } = 1 << 20;

    /// <summary>Verifiers of a worker, which share the sandboxes out.</summary>
    public int Verifiers { get; init; } = 16;

    /// <summary>Event streams at a time.</summary>
    public int EventStreams { get; init; } = 32;

    /// <summary>Event streams of one run at a time.</summary>
    public int EventStreamsPerRun { get; init; } = 8;

    /// <summary>How long a request may take to send its body.</summary>
    public TimeSpan BodyTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The limits of a machine that runs everything itself.</summary>
    /// <param name="cores">Its cores.</param>
    /// <param name="memoryBytes">Its memory.</param>
    public static HostLimits Of(int cores, long memoryBytes) => new()
    {
        // as the trainer does
        WorkersPerRun = 64, ActiveRuns = 16, WarmSandboxes = 256, SandboxMegabytes = memoryBytes >> 20,
            Verifiers = Math.Clamp(cores / 2, 1, 16),
    };

    /// <summary>Refuses a recipe that asks for more than there is.</summary>
    /// <exception cref="RecipeException">It does; the problems name the fields.</exception>
    public void Check(LoadedRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var problems = new RecipeProblems();
        if (recipe.Recipe.Workers.Count > WorkersPerRun)
            Add("workers.count", recipe.Recipe.Workers.Count, $"at most {WorkersPerRun} workers a run on this host");

        var judges = RewardSets(recipe.Recipe).Where(set => set.Rewards.ContainsKey(Code))
            .Select(set => (Path: $"{set.Path}.{Code}.options", Options: RewardOptions.Bind<CodeOptions>(Code, set.Rewards[Code].Options)))
            .DistinctBy(judge => judge.Options).ToList(); // equal ones share their interpreters
        var warm = judges.Sum(judge => (long)judge.Options.Warm) * Verifiers;
        if (warm > WarmSandboxes)
            Add($"{judges[^1].Path}.warm", judges[^1].Options.Warm,
                $"so few that {Verifiers} verifiers keep at most {WarmSandboxes} waiting in all; here they are {warm}");
        foreach (var (path, options) in judges.Where(judge => 2L * judge.Options.MemoryMegabytes * Verifiers > SandboxMegabytes))
        {
            Add($"{path}.memoryMegabytes", options.MemoryMegabytes,
                $"at most {SandboxMegabytes / Verifiers / 2}: this host lends {SandboxMegabytes} MiB to {Verifiers} verifiers with two "
                + $"sandboxes each");
        }
        problems.ThrowIfAny();

        void Add(string path, long value, string allowed)
        {
            var shown = value.ToString(CultureInfo.InvariantCulture);
            problems.Add(new RecipeProblem("recipe", 1, 1, path, shown, $"{shown} is not allowed", allowed));
        }
    }

    private static IEnumerable<(string Path, IReadOnlyDictionary<string, RewardRecipe> Rewards)> RewardSets(Recipe recipe)
    {
        foreach (var (name, stage) in recipe.Stages)
        {
            foreach (var (field, rewards) in stage.RewardSets()) yield return ($"stages.{name}.{field}", rewards);
            if (stage is not EvaluateStage evaluate) continue;
            foreach (var (benchmark, settings) in evaluate.Evaluation.All())
                yield return ($"stages.{name}.evaluation.{benchmark}.rewards", settings.Rewards);
        }
        if (recipe.Evaluation is null) yield break;
        foreach (var (benchmark, settings) in recipe.Evaluation.All()) yield return ($"evaluation.{benchmark}.rewards", settings.Rewards);
    }
}

/// <summary>There are as many as the host allows at a time; the same request may succeed later.</summary>
/// <param name="message">What there is too much of, and what to do.</param>
public sealed class TooManyException(string message) : Exception(message);
