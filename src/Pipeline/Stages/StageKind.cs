using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Pipeline.Stages;

/// <summary>
/// A kind of stage: how one is carried out, and what it takes. Adding one: derive from <see cref="StageKind{TRecipe}"/> in a folder of its
/// own, and list it in <c>StageKinds</c>.
/// </summary>
internal abstract class StageKind(Type recipe) : IStageEstimator
{
    /// <inheritdoc/>
    public Type Recipe { get; } = recipe;

    /// <summary>The kind's name as in recipes.</summary>
    public string Name { get; } = StageRecipe.KindOf(recipe);

    /// <summary>The name of the orchestrator that carries out a stage.</summary>
    public static string OrchestratorOf(string kind) => $"stage-{kind}";

    /// <summary>Adds the kind's orchestrators.</summary>
    public abstract void Register(OrchestrationRegistry registry, JobCalls jobs);

    /// <inheritdoc/>
    public abstract StageWork? Estimate(EstimateContext context, StageRecipe stage);
}

/// <inheritdoc/>
/// <typeparam name="TRecipe">The kind's recipe.</typeparam>
internal abstract class StageKind<TRecipe>() : StageKind(typeof(TRecipe))
    where TRecipe : StageRecipe
{
    /// <inheritdoc/>
    public override void Register(OrchestrationRegistry registry, JobCalls jobs) =>
        registry.AddOrchestrator<StageInput, StageResult?>(OrchestratorOf(Name),
            (context, input) => RunAsync(new WaitingContext(context, new StageProgress()), jobs, input, (TRecipe)input.Settings));

    /// <inheritdoc/>
    public sealed override StageWork? Estimate(EstimateContext context, StageRecipe stage) => Estimate(context, (TRecipe)stage);

    /// <summary>The stage itself. Null when it goes on as new.</summary>
    protected abstract Task<StageResult?> RunAsync(IOrchestrationContext context, JobCalls jobs, StageInput input, TRecipe settings);

    /// <summary>The work of such a stage; null where it cannot be known before the run.</summary>
    protected abstract StageWork? Estimate(EstimateContext context, TRecipe settings);
}

/// <summary>What stages have in common.</summary>
internal static class StageHelpers
{
    /// <summary>The checkpoint that the stage starts from.</summary>
    /// <exception cref="InvalidOperationException">The recipe names none; the recipe's check should have said so.</exception>
    public static string RequireFrom(this StageInput input) =>
        input.From ?? throw new InvalidOperationException($"Stage '{input.Name}' needs a model to start from: set 'from'.");

    /// <summary>Those of some rewards that can be given now: a reward that a model gives can be once its stage is done.</summary>
    public static IReadOnlyDictionary<string, RewardRecipe> Available(this StageInput input,
        IReadOnlyDictionary<string, RewardRecipe> rewards) => rewards
        .Where(reward => ModelRewardCatalog.StageOf(reward.Key, reward.Value) is not { } stage || input.RewardModels.ContainsKey(stage))
            .ToDictionary();

    /// <summary>A job of the stage.</summary>
    public static JobSpec Job(this StageInput input, string jobId, JobPayload payload) => new()
    {
        RunId = input.RunId,
        JobId = jobId,
        Payload = payload with { Seed = input.Seed, Stage = input.Name, RewardModels = input.RewardModels,
            TemplateDate = input.TemplateDate, Engine = input.Engine },
        Retry = input.Jobs,
    };

    /// <summary>A job's seconds as a stage counts them; the wall time is the caller's to add.</summary>
    public static TimeBreakdown Time(this JobResult result) => new()
    {
        Generation = result.Timing.Generation,
        Reward = result.Timing.Reward,
        Update = result.Timing.Update,
        Storage = result.Timing.Storage,
    };

    /// <summary>What a stage yields whose model one job made.</summary>
    /// <param name="input">The stage.</param>
    /// <param name="context">The stage's orchestration.</param>
    /// <param name="start">When the stage began.</param>
    /// <param name="steps">Its steps.</param>
    /// <param name="result">The job's result, with an output <c>checkpoint</c>.</param>
    public static StageResult Result(this StageInput input, IOrchestrationContext context, DateTime start, int steps, JobResult result) =>
        new()
    {
        Label = input.Label,
        Steps = steps,
        Checkpoint = result.Output("checkpoint"),
        Metrics = result.Metrics,
        Numerics = new[] { result }.Numerics(),
        Time = result.Time() with { Wall = Instants.Between(start, context.CurrentUtcDateTime).TotalSeconds },
        StartedAt = new(start, TimeSpan.Zero),
        EndedAt = new(context.CurrentUtcDateTime, TimeSpan.Zero),
    };

    /// <summary>The versions of the trainer's arithmetic that had a part in some results.</summary>
    public static IReadOnlyList<int> Numerics(this IEnumerable<JobResult> results) =>
        [.. results.SelectMany(result => (result.OtherNumerics ?? []).Append(result.Numerics)).Distinct().Order()];

    /// <summary>Those of what was written so far and of more.</summary>
    public static IReadOnlyList<int> With(this IReadOnlyList<int>? numerics, IReadOnlyList<int>? more) =>
        [.. (numerics ?? [1]).Union(more ?? [1]).Order()];

    /// <summary>An output's path.</summary>
    /// <exception cref="InvalidOperationException">The worker did not write it.</exception>
    public static string Output(this JobResult result, string name) => result.Outputs.TryGetValue(name, out var path)
        ? path
        : throw new InvalidOperationException(
            $"Job '{result.JobId}' has no output '{name}', only: {string.Join(", ", result.Outputs.Keys.Order(StringComparer.Ordinal))}.");
}
