using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes;

/// <summary>
/// Distillation on policy: a student samples, the teacher scores what it sampled, and rewards may have a part in it. It runs as
/// reinforcement learning does, an iteration being rollouts and an update.
/// </summary>
[Needs(nameof(Teacher), nameof(Task))]
public sealed record OnPolicyRecipe
{
    /// <summary>The model that scores the students' tokens, and by which loss.</summary>
    public TeacherRecipe? Teacher { get; init; }

    /// <summary>The task whose training problems the students answer.</summary>
    [TaskName]
    public string? Task { get; init; }

    /// <summary>Rollout-and-update rounds.</summary>
    [Bounds(Min = 1, Max = 999_999)]
    public int Iterations { get; init; } = 100;

    /// <summary>Questions drawn an iteration.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int Questions { get; init; } = 64;

    /// <summary>Samples a question.</summary>
    [Bounds(Min = 2, Max = 1024)]
    public int GroupSize { get; init; } = 4;

    /// <summary>Jobs that an iteration's rollout is cut into; must not exceed the questions.</summary>
    [Bounds(Min = 1, Max = 1024), NoEffect("seeds are those of questions and samples, and shards are joined in order")]
    public int Shards { get; init; } = 1;

    /// <summary>How completions are sampled; nothing is cut off, so that every token has a probability.</summary>
    public SamplingRecipe Sampling { get; init; } = new();

    /// <summary>
    /// The reward functions by their registered names, as those of rl; none lets the teacher alone decide.
    /// </summary>
    [KnownReward(OnNames = true)]
    public IReadOnlyDictionary<string, RewardRecipe> Rewards { get; init; } = new Dictionary<string, RewardRecipe>();

    /// <summary>The policy loss that the advantages go through.</summary>
    public PolicyLossRecipe Loss { get; init; } = new() { Aggregation = LossAggregation.TokenMean };

    /// <summary>Mini-batches that a rollout is split into at random; one optimizer step each.</summary>
    [Bounds(Min = 1, Max = 65_536)]
    public int MiniBatches { get; init; } = 1;

    /// <summary>Tokens in one forward and backward pass, in place of the stage's microBatchSize; 0 for no such limit.</summary>
    [Bounds(Min = 0, Max = 100_000_000)]
    public int MicroBatchTokens { get; init; }

    /// <summary>Jobs that the gradient of each optimizer step is cut into; 1 updates in one job.</summary>
    [Bounds(Min = 1, Max = 256)]
    public int UpdateShards { get; init; } = 1;

    /// <summary>Parts of an update job's rows that a worker's devices compute at once, as of rl.</summary>
    [Bounds(Min = 1, Max = 256)]
    public int UpdateReplicas { get; init; } = 1;

    /// <summary>Updates by which the student that samples may lag behind: 0 or 1.</summary>
    [Bounds(Min = 0, Max = 1)]
    public int Staleness { get; init; }

    /// <summary>The checkpoint of every n-th iteration is kept for good.</summary>
    [Bounds(Min = 1, Max = 999_999), NoEffect("the last checkpoint is always kept")]
    public int KeepEvery { get; init; } = 50;

    /// <summary>Iterations between two evaluations for the learning curve; 0 for none.</summary>
    [Bounds(Min = 0, Max = 999_999), NoEffect("it looks at the model and does not touch it")]
    public int EvaluateEvery { get; init; }

    /// <summary>A student's training.</summary>
    /// <param name="from">The stage whose model it starts from.</param>
    /// <param name="prompt">How problems are put.</param>
    /// <param name="microBatchSize">Rows in one pass.</param>
    /// <param name="optimizer">The optimizer.</param>
    public RlStage Training(string from, PromptRecipe prompt, int microBatchSize, OptimizerRecipe optimizer) => new()
    {
        From = from, Teacher = Teacher, Task = Task, Iterations = Iterations, Questions = Questions, GroupSize = GroupSize, Shards = Shards,
        Prompt = prompt, Sampling = Sampling, Rewards = Rewards, Loss = Loss, MiniBatches = MiniBatches,
        MicroBatchSize = MicroBatchTokens > 0 ? 0 : microBatchSize, MicroBatchTokens = MicroBatchTokens, UpdateShards = UpdateShards,
        UpdateReplicas = UpdateReplicas, Staleness = Staleness, Optimizer = optimizer, ReferenceEvery = 0, KeepEvery = KeepEvery,
        EvaluateEvery = EvaluateEvery,
    };
}

/// <summary>What a distillation learns from.</summary>
public enum DistillMode
{
    /// <summary>Rows that are there: the teacher's answers (DeepSeek-R1).</summary>
    Rows,
    /// <summary>What the students sample, scored by the teacher.</summary>
    OnPolicy,
}
