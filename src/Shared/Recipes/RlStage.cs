using System.Text.Json;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Shared.Recipes;

/// <summary>Reinforcement learning with verifiable rewards: GRPO and its relatives.</summary>
[Needs(nameof(From))]
[NeedsUnless(nameof(Sources), "each source has a task and rewards of its own", nameof(Task), nameof(Rewards))]
public sealed record RlStage : StageRecipe
{
    /// <inheritdoc/>
    public override bool Generates() => true;

    /// <inheritdoc/>
    public override int PlannedSteps() => Iterations;

    /// <inheritdoc/>
    public override string Describe(Recipe recipe) =>
        $"{Loss.Name}, {Iterations} iterations of {Questions} questions, {GroupSize} samples each"
        + (Teacher is null ? "" : $", scored by {Teacher.From}") + (Control is { } control ? $", control {WordOf(control)}" : "");

    /// <inheritdoc/>
    public override StageSummary Summarize(string name, Recipe recipe)
    {
        var rounds = (long)MostRounds(); // at most: questions are drawn again where samples teach nothing
        var samples = rounds * Iterations * Questions * GroupSize;
        var rollouts = new StageSummary(name, Kind(), From, (long)Iterations * MiniBatches * Epochs,
            Iterations * (rounds * Shards + 1L), samples, samples * Sampling.MaxNewTokens);
        return rollouts.With(recipe.Evaluation, EvaluateEvery > 0 ? (Iterations - 1) / EvaluateEvery : 0);
    }

    /// <inheritdoc/>
    public override IEnumerable<(string Field, IReadOnlyDictionary<string, RewardRecipe> Rewards)> RewardSets() =>
        PromptSources().Select(source => (source.Name.Length > 0 ? $"sources.{source.Name}.rewards" : "rewards", source.Source.Rewards));

    /// <inheritdoc/>
    public override IEnumerable<(PromptRecipe Prompt, string? Model)> Prompts() => [(Prompt, From)];

    /// <inheritdoc/>
    public override IEnumerable<string> Inputs() => Teacher is null ? base.Inputs() : base.Inputs().Append(Teacher.From);

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

    /// <summary>Asks problems of middling difficulty again, by their pass rates so far; null draws each in its turn.</summary>
    public CurriculumRecipe? Curriculum { get; init; }

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

    /// <summary>A model that scores the sampled tokens, beside the rewards (on-policy distillation); null for none.</summary>
    public TeacherRecipe? Teacher { get; init; }

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
    /// Parts of an update job's rows whose gradients are computed by themselves and added up in order: a worker with several devices
    /// computes as many at once, and one with fewer the rest afterwards, to the same bits. With updateShards each shard has so many.
    /// </summary>
    [Bounds(Min = 1, Max = 256)]
    public int UpdateReplicas { get; init; } = 1;

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

    /// <summary>The checkpoint of every n-th iteration is kept for good; those between are removed once no longer needed.</summary>
    [Bounds(Min = 1, Max = 999_999), NoEffect("the last checkpoint is always kept")]
    public int KeepEvery { get; init; } = 50;

    /// <summary>
    /// Iterations between two checkpoints that keep the optimizer's moments, which are twice the weights; they are stored beside the
    /// next computation. A worker that starts between takes the updates since the last of them again. 1 keeps them with every checkpoint.
    /// </summary>
    [Bounds(Min = 1, Max = 100), NoEffect("updates that are taken again give the same bits")]
    public int KeepStateEvery { get; init; } = 1;

    /// <summary>Of every n-th iteration all samples are kept for good, with what became of them (a trace); 0 for none.</summary>
    [Bounds(Min = 0, Max = 999_999), NoEffect("it writes down what was sampled")]
    public int TraceEvery { get; init; } = 1;

    /// <summary>Iterations between two evaluations on held-out problems for the learning curve; 0 for none.</summary>
    [Bounds(Min = 0, Max = 999_999), NoEffect("it looks at the model and does not touch it")]
    public int EvaluateEvery { get; init; }

    /// <summary>
    /// Controls that run beside the stage, each by a word: trainings like it that should teach nothing, each a model
    /// <c>STAGE.CONTROL</c> of its own from which nothing starts. The report draws their curves under the stage's.
    /// </summary>
    [NoEffect("they run beside the stage and take no part in it")]
    public IReadOnlyList<TrainingControl>? Controls { get; init; }

    /// <summary>Makes the stage itself such a control; null for a training that is meant to teach.</summary>
    public TrainingControl? Control { get; init; }

    /// <summary>The stage and its controls by their models' names, each as a stage of its own.</summary>
    /// <param name="name">The stage's name.</param>
    public IEnumerable<KeyValuePair<string, StageRecipe>> Trainings(string name) =>
    [
        KeyValuePair.Create<string, StageRecipe>(name, this with { Controls = null }),
        .. (Controls ?? []).Distinct().Select(control => KeyValuePair.Create<string, StageRecipe>(ModelNames.Control(name, control),
            this with { Controls = null, Control = control })),
    ];

    /// <summary>The name under which samples tell the reward that was drawn by lot.</summary>
    public const string Lot = "control/random-reward";

    /// <summary>The weight of a reward function in what trains; null for one that is not the source's.</summary>
    /// <param name="source">The prompt source's name; empty without sources.</param>
    /// <param name="reward">The function's name.</param>
    public double? WeightOf(string source, string reward)
    {
        if (Control == TrainingControl.RandomReward) return reward == Lot ? 1 : 0;
        return PromptSources().FirstOrDefault(one => one.Name == source).Source?.Rewards.GetValueOrDefault(reward)?.Weight;
    }

    /// <summary>A control's word in recipes.</summary>
    public static string WordOf(TrainingControl control) => JsonNamingPolicy.KebabCaseLower.ConvertName(control.ToString());

    /// <summary>
    /// Whether the training state of a checkpoint is stored apart from it, beside the next computation. The first state is made, not read,
    /// and of the last one there is no need.
    /// </summary>
    /// <param name="step">The checkpoint's step: iterations done.</param>
    public bool KeepsStateAt(int step) => KeepStateEvery > 1 && step > 0 && step < Iterations && step % KeepStateEvery == 0;

    /// <summary>
    /// The step from which updates may have to be taken again to come to a step's training state: that of the last but one state, as the
    /// last may still be on its way to storage.
    /// </summary>
    /// <param name="step">The step: iterations done.</param>
    public int ReplayFrom(int step) => KeepStateEvery == 1 ? step : Math.Max(0, ((step / KeepStateEvery) - 1) * KeepStateEvery);

    /// <summary>Rounds of rollouts that an iteration may take.</summary>
    public int MostRounds() => DynamicSampling?.MaxRounds ?? 1;

    /// <summary>The prompt sources in the order of their names; the stage's own task and rewards are a source without a name.</summary>
    public IReadOnlyList<(string Name, PromptSource Source)> PromptSources() => Sources.Count > 0
        ? [.. Sources.OrderBy(source => source.Key, StringComparer.Ordinal).Select(source => (source.Key, source.Value))]
        : Task is null ? [] : [("", new PromptSource { Task = Task, Rewards = Rewards })];
}
