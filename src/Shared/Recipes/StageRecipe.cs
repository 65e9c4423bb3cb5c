using System.Reflection;
using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes;

/// <summary>One stage of a run. Each kind is a record of its own.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ImportStage), "import")]
[JsonDerivedType(typeof(PretrainStage), "pretrain")]
[JsonDerivedType(typeof(RlStage), "rl")]
[JsonDerivedType(typeof(CollectStage), "collect")]
[JsonDerivedType(typeof(RejectionSampleStage), "rejection-sample")]
[JsonDerivedType(typeof(SftStage), "sft")]
[JsonDerivedType(typeof(RewardModelStage), "reward-model")]
[JsonDerivedType(typeof(DistillStage), "distill")]
[JsonDerivedType(typeof(EvaluateStage), "evaluate")]
public abstract record StageRecipe
{
    /// <summary>
    /// The stage whose model this one starts from (<c>STAGE/STUDENT</c> after distillation); null for a stage that makes its own.
    /// </summary>
    [JsonPropertyOrder(-1)]
    public string? From { get; init; }

    private static readonly Dictionary<Type, string> Kinds = typeof(StageRecipe).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToDictionary(kind => kind.DerivedType, kind => (string)kind.TypeDiscriminator!);

    /// <summary>The kind's name in recipes, e.g. <c>rl</c>.</summary>
    public string Kind() => Kinds.GetValueOrDefault(GetType(), GetType().Name);

    /// <summary>Steps or iterations in all, where the recipe alone says so; else 0.</summary>
    public virtual int PlannedSteps() => 0;

    /// <summary>Whether the stage makes a model, which later stages may start from.</summary>
    public virtual bool YieldsModel() => true;

    /// <summary>The rewards that the stage scores by, each set with the field that holds it.</summary>
    public virtual IEnumerable<(string Field, IReadOnlyDictionary<string, RewardRecipe> Rewards)> RewardSets() => [];

    /// <summary>How the stage puts problems, and the stage whose model reads them each time.</summary>
    public virtual IEnumerable<(PromptRecipe Prompt, string? Model)> Prompts() => [];

    /// <summary>
    /// What the stage's own result depends on: stages, and among data to learn from tasks; see <see cref="Recipe.InputsOf"/>.
    /// </summary>
    public virtual IEnumerable<string> Inputs() =>
    [
        .. From is { } from ? [from] : (string[])[],
        .. RewardSets().SelectMany(set => set.Rewards).Select(reward => ModelRewardCatalog.StageOf(reward.Key, reward.Value))
            .OfType<string>(),
    ];

    /// <summary>The names of the models that the stage makes.</summary>
    /// <param name="name">The stage's name.</param>
    public virtual IEnumerable<string> Models(string name) => YieldsModel() ? [name] : [];
}

/// <summary>Trains a small decoder from scratch on worked examples of tasks: the base model of the quickstart.</summary>
[Lacks(nameof(From), "a pretrain stage makes its own model")]
public sealed record PretrainStage : StageRecipe
{
    /// <inheritdoc/>
    public override int PlannedSteps() => Steps;

    /// <summary>The task whose training problems make the corpus; null where <see cref="Tasks"/> names several.</summary>
    [TaskName]
    public string? Task { get; init; }

    /// <summary>Several tasks in place of one, each with its part of the corpus in any unit.</summary>
    [Name(OnNames = true), Bounds(Above = 0), TaskName]
    public IReadOnlyDictionary<string, double> Tasks { get; init; } = new Dictionary<string, double>();

    /// <summary>The tasks with their parts, by name in ordinal order, so that a recipe's order of writing decides nothing.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Corpora() =>
        Task is { } task ? [new(task, 1)] : [.. Tasks.OrderBy(entry => entry.Key, StringComparer.Ordinal)];

    /// <summary>The decoder's shape.</summary>
    public ModelShape Model { get; init; } = new();

    /// <summary>How the corpus is mixed.</summary>
    public CorpusMix Corpus { get; init; } = new();

    /// <summary>Optimizer steps.</summary>
    [Bounds(Min = 1, Max = 999_999)]
    public int Steps { get; init; } = 300;

    /// <summary>Sequences a step.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int BatchSize { get; init; } = 64;

    /// <summary>The optimizer.</summary>
    public OptimizerRecipe Optimizer { get; init; } = new() { LearningRate = 1.5e-3, WarmupSteps = 20, WeightDecay = 0.01 };

    /// <summary>Steps between two saves of the job's progress.</summary>
    [Bounds(Min = 1, Max = 999_999), NoEffect("a resumed job ends with the same weights")]
    public int SaveEvery { get; init; } = 100;
}

/// <summary>Reinforcement learning with verifiable rewards: GRPO and its relatives.</summary>
[Needs(nameof(From))]
[NeedsUnless(nameof(Sources), "each source has a task and rewards of its own", nameof(Task), nameof(Rewards))]
public sealed record RlStage : StageRecipe
{
    /// <inheritdoc/>
    public override int PlannedSteps() => Iterations;

    /// <inheritdoc/>
    public override IEnumerable<(string Field, IReadOnlyDictionary<string, RewardRecipe> Rewards)> RewardSets() =>
        PromptSources().Select(source => (source.Name.Length > 0 ? $"sources.{source.Name}.rewards" : "rewards", source.Source.Rewards));

    /// <inheritdoc/>
    public override IEnumerable<(PromptRecipe Prompt, string? Model)> Prompts() => [(Prompt, From)];

    /// <summary>The task whose training problems are the prompts; required unless there are sources.</summary>
    [TaskName]
    public string? Task { get; init; }

    /// <summary>Several prompt sources by name, each with rewards of its own, in place of the task and the rewards.</summary>
    [Name(OnNames = true)]
    public IReadOnlyDictionary<string, PromptSource> Sources { get; init; } = new Dictionary<string, PromptSource>();

    /// <summary>Rollout-and-update rounds.</summary>
    [Bounds(Min = 1, Max = 999_999)]
    public int Iterations { get; init; } = 100;

    /// <summary>Questions drawn an iteration; with dynamic sampling, questions that an update learns from.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int Questions { get; init; } = 32;

    /// <summary>Draws further questions in place of those whose samples all earn the same (DAPO); null for none.</summary>
    public DynamicSamplingRecipe? DynamicSampling { get; init; }

    /// <summary>Samples a question (GRPO's G).</summary>
    [Bounds(Min = 2, Max = 1024)]
    public int GroupSize { get; init; } = 16;

    /// <summary>Jobs that an iteration's rollout is cut into; must not exceed the questions.</summary>
    [Bounds(Min = 1, Max = 1024), NoEffect("seeds are those of questions and samples, and shards are joined in order")]
    public int Shards { get; init; } = 1;

    /// <summary>How a question is put to the model.</summary>
    public PromptRecipe Prompt { get; init; } = new();

    /// <summary>How completions are sampled.</summary>
    public SamplingRecipe Sampling { get; init; } = new();

    /// <summary>
    /// The reward functions by their registered names: each a weight, or an object with weight, options and onError. The reward is the
    /// weighted sum. Required unless there are sources.
    /// </summary>
    [KnownReward(OnNames = true)]
    public IReadOnlyDictionary<string, RewardRecipe> Rewards { get; init; } = new Dictionary<string, RewardRecipe>();

    /// <summary>The policy loss.</summary>
    public PolicyLossRecipe Loss { get; init; } = new();

    /// <summary>Mini-batches that a rollout is split into at random; one optimizer step each.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int MiniBatches { get; init; } = 16;

    /// <summary>Passes over each rollout.</summary>
    [Bounds(Min = 1, Max = 100)]
    public int Epochs { get; init; } = 1;

    /// <summary>Rows in one forward and backward pass; gradients accumulate over a mini-batch. 0 takes the mini-batch whole.</summary>
    [Bounds(Min = 0, Max = 65_536)]
    public int MicroBatchSize { get; init; }

    /// <summary>
    /// Tokens in one forward and backward pass, in place of <see cref="MicroBatchSize"/>; 0 for no such limit. A longer row goes alone.
    /// </summary>
    [Bounds(Min = 0, Max = 100_000_000)]
    public int MicroBatchTokens { get; init; }

    /// <summary>
    /// Jobs that the gradient of each optimizer step is cut into; must not exceed a mini-batch's rows. 1 updates in one job.
    /// </summary>
    [Bounds(Min = 1, Max = 256)]
    public int UpdateShards { get; init; } = 1;

    /// <summary>
    /// Updates by which the policy that samples may lag behind: 0 is strictly on policy, 1 generates for an iteration beside the update of
    /// the one before.
    /// </summary>
    [Bounds(Min = 0, Max = 1)]
    public int Staleness { get; init; }

    /// <summary>The optimizer; its schedule runs over iterations.</summary>
    public OptimizerRecipe Optimizer { get; init; } = new() { LearningRate = 3e-6 };

    /// <summary>Iterations after which the reference model becomes the policy; 0 keeps the first.</summary>
    [Bounds(Min = 0, Max = 999_999)]
    public int ReferenceEvery { get; init; } = 400;

    /// <summary>Every so many iterations a checkpoint is kept for good; those between are removed once no longer needed.</summary>
    [Bounds(Min = 1, Max = 999_999), NoEffect("the last checkpoint is always kept")]
    public int KeepEvery { get; init; } = 50;

    /// <summary>Iterations between two evaluations on held-out problems for the learning curve; 0 for none.</summary>
    [Bounds(Min = 0, Max = 999_999), NoEffect("it looks at the model and does not touch it")]
    public int EvaluateEvery { get; init; }

    /// <summary>Rounds of rollouts that an iteration may take.</summary>
    public int MostRounds() => DynamicSampling?.MaxRounds ?? 1;

    /// <summary>The prompt sources in the order of their names; the stage's own task and rewards are a source without a name.</summary>
    public IReadOnlyList<(string Name, PromptSource Source)> PromptSources() => Sources.Count > 0
        ? [.. Sources.OrderBy(source => source.Key, StringComparer.Ordinal).Select(source => (source.Key, source.Value))]
        : Task is null ? [] : [("", new PromptSource { Task = Task, Rewards = Rewards })];
}

/// <summary>Measures a stage's model.</summary>
[Needs(nameof(From))]
public sealed record EvaluateStage : StageRecipe
{
    /// <inheritdoc/>
    public override int PlannedSteps() => 1;

    /// <inheritdoc/>
    public override bool YieldsModel() => false;

    /// <summary>What is measured.</summary>
    public required EvaluationRecipe Evaluation { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<(PromptRecipe Prompt, string? Model)> Prompts() =>
        Evaluation.All().Select(benchmark => (benchmark.Value.Prompt, From));
}
