using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Jobs;

/// <summary>What a job does. Each kind is a record of its own; blob references are paths inside the run's container.</summary>
[StoredForm(1)]
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(CheckJob), JobKinds.Check)]
[JsonDerivedType(typeof(ImportJob), JobKinds.Import)]
[JsonDerivedType(typeof(PretrainJob), JobKinds.Pretrain)]
[JsonDerivedType(typeof(RolloutJob), JobKinds.Rollout)]
[JsonDerivedType(typeof(GradientJob), JobKinds.Gradient)]
[JsonDerivedType(typeof(UpdateJob), JobKinds.Update)]
[JsonDerivedType(typeof(SampleJob), JobKinds.Sample)]
[JsonDerivedType(typeof(SftJob), JobKinds.Sft)]
[JsonDerivedType(typeof(RewardModelJob), JobKinds.RewardModel)]
[JsonDerivedType(typeof(EvaluateJob), JobKinds.Evaluate)]
[JsonDerivedType(typeof(NoopJob), JobKinds.Noop)]
public abstract record JobPayload
{
    /// <summary>The run's seed.</summary>
    public long Seed { get; init; }

    /// <summary>The stage's name as in the recipe: part of every derived seed.</summary>
    public string Stage { get; init; } = "";

    /// <summary>The checkpoints of the run's reward models by their stages' names: for jobs whose rewards name one.</summary>
    public IReadOnlyDictionary<string, string> RewardModels { get; init; } = new Dictionary<string, string>();

    /// <summary>The date that chat templates are told when they ask; null where the run says none.</summary>
    public DateOnly? TemplateDate { get; init; }

    /// <summary>The job's kind, as in <see cref="JobKinds"/>.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>The same with other names for the files that it reads and that an attempt of another job has made.</summary>
    /// <param name="rename">Gives a file its name.</param>
    public virtual JobPayload WithFiles(Func<string, string> rename) => this;
}

/// <summary>Names of the job kinds.</summary>
public static class JobKinds
{
    /// <summary>Look at the run's inputs as its jobs will.</summary>
    public const string Check = "check";
    /// <summary>Make a checkpoint of a model folder.</summary>
    public const string Import = "import";
    /// <summary>Train a small decoder from scratch.</summary>
    public const string Pretrain = "pretrain";
    /// <summary>Generate completions and score them.</summary>
    public const string Rollout = "rollout";
    /// <summary>A shard's part of the gradient of one optimizer step.</summary>
    public const string Gradient = "gradient";
    /// <summary>One policy update from rollouts.</summary>
    public const string Update = "update";
    /// <summary>Generate completions and keep those worth learning from.</summary>
    public const string Sample = "sample";
    /// <summary>Fine-tune a checkpoint on prompts and completions.</summary>
    public const string Sft = "sft";
    /// <summary>Train a reward model.</summary>
    public const string RewardModel = "reward-model";
    /// <summary>Measure a checkpoint.</summary>
    public const string Evaluate = "evaluate";
    /// <summary>Nothing: measures the road, not the load.</summary>
    public const string Noop = "noop";
}

/// <summary>
/// Looks at a run's inputs before any other job of it: models, tokenizers, and every row in the form in which its stage puts it.
/// </summary>
public sealed record CheckJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Check;
    /// <summary>The recipe, as it is carried out.</summary>
    public required Recipe Recipe { get; init; }
}

/// <summary>Checks a model folder and makes a checkpoint of it.</summary>
public sealed record ImportJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Import;
    /// <summary>The stage's settings.</summary>
    public required ImportStage Settings { get; init; }
    /// <summary>Where the checkpoint goes.</summary>
    public required string Checkpoint { get; init; }
    /// <summary>The step that the checkpoint's name says.</summary>
    public required int Step { get; init; }
}

/// <summary>Trains a small decoder from scratch and writes its checkpoint.</summary>
public sealed record PretrainJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Pretrain;
    /// <summary>The stage's settings.</summary>
    public required PretrainStage Settings { get; init; }
    /// <summary>The tasks that make the corpus, by name.</summary>
    public required IReadOnlyDictionary<string, TaskRecipe> Tasks { get; init; }
    /// <summary>Where the checkpoint goes.</summary>
    public required string Checkpoint { get; init; }
}

/// <summary>Generates completions for a shard of an iteration's questions and scores them.</summary>
public sealed record RolloutJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Rollout;
    /// <summary>The stage's settings.</summary>
    public required RlStage Settings { get; init; }
    /// <summary>The tasks that ask the questions, by name.</summary>
    public required IReadOnlyDictionary<string, TaskRecipe> Tasks { get; init; }
    /// <summary>The iteration, from 0.</summary>
    public required int Iteration { get; init; }
    /// <summary>The policy's checkpoint.</summary>
    public required string Policy { get; init; }
    /// <summary>The shard's first question within the iteration.</summary>
    public required int FirstQuestion { get; init; }
    /// <summary>The shard's questions.</summary>
    public required int QuestionCount { get; init; }
    /// <summary>Path prefix of the rollout files; the attempt adds its own name and extensions.</summary>
    public required string Output { get; init; }
}

/// <summary>Computes a shard's part of the gradient of one optimizer step of an update.</summary>
public sealed record GradientJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Gradient;
    /// <summary>The stage's settings.</summary>
    public required RlStage Settings { get; init; }
    /// <summary>The iteration, from 0.</summary>
    public required int Iteration { get; init; }
    /// <summary>The checkpoint that the update starts from.</summary>
    public required string Policy { get; init; }
    /// <summary>The reference of the KL term; null when its weight is 0.</summary>
    public string? Reference { get; init; }
    /// <summary>The rollouts' token files, in shard order.</summary>
    public required IReadOnlyList<string> Rollouts { get; init; }
    /// <summary>The optimizer step within the update, from 0.</summary>
    public required int Step { get; init; }
    /// <summary>The shard, from 0, of <see cref="RlStage.UpdateShards"/>.</summary>
    public required int Shard { get; init; }
    /// <summary>The gradients of the step before, in shard order: the policy has taken that step. Empty at the first.</summary>
    public required IReadOnlyList<string> After { get; init; }
    /// <summary>Path prefix of the gradient file; the content's hash and the extension are added.</summary>
    public required string Output { get; init; }

    /// <inheritdoc/>
    public override JobPayload WithFiles(Func<string, string> rename) =>
        this with { Rollouts = [.. Rollouts.Select(rename)], After = [.. After.Select(rename)] };
}

/// <summary>Updates the policy from an iteration's rollouts and writes the next checkpoint.</summary>
public sealed record UpdateJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Update;
    /// <summary>The stage's settings.</summary>
    public required RlStage Settings { get; init; }
    /// <summary>The iteration, from 0.</summary>
    public required int Iteration { get; init; }
    /// <summary>The checkpoint that the update starts from. It made the rollouts, unless the recipe lets them be older.</summary>
    public required string Policy { get; init; }
    /// <summary>The reference of the KL term; null when its weight is 0.</summary>
    public string? Reference { get; init; }
    /// <summary>The rollouts' token files, in the order of their questions.</summary>
    public required IReadOnlyList<string> Rollouts { get; init; }
    /// <summary>
    /// The last step's gradients in shard order, when shards computed the gradients: the steps are taken from them. Null computes all here.
    /// </summary>
    public IReadOnlyList<string>? Gradients { get; init; }
    /// <summary>Where the next checkpoint goes.</summary>
    public required string Checkpoint { get; init; }

    /// <inheritdoc/>
    public override JobPayload WithFiles(Func<string, string> rename) =>
        this with { Rollouts = [.. Rollouts.Select(rename)], Gradients = Gradients is null ? null : [.. Gradients.Select(rename)] };
}

/// <summary>Samples completions for a shard of a stage's questions and writes those worth learning from.</summary>
public sealed record SampleJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Sample;
    /// <summary>The stage's settings: a <see cref="CollectStage"/> or a <see cref="RejectionSampleStage"/>.</summary>
    public required StageRecipe Settings { get; init; }
    /// <summary>The task that asks the questions.</summary>
    public required TaskRecipe Task { get; init; }
    /// <summary>The model that answers.</summary>
    public required string Checkpoint { get; init; }
    /// <summary>The model that rewrites what is kept; null for the one that answers.</summary>
    public string? Rewriter { get; init; }
    /// <summary>The shard's first question within the stage.</summary>
    public required int FirstQuestion { get; init; }
    /// <summary>The shard's questions.</summary>
    public required int QuestionCount { get; init; }
    /// <summary>Path prefix of the data file; the attempt adds its own name and the extension.</summary>
    public required string Output { get; init; }
}

/// <summary>Fine-tunes a checkpoint on the rows of data stages.</summary>
public sealed record SftJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Sft;
    /// <summary>The stage's settings.</summary>
    public required SftStage Settings { get; init; }
    /// <summary>The model to start from.</summary>
    public required string From { get; init; }
    /// <summary>The data stages' files by the stages' names.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Data { get; init; }
    /// <summary>Tasks whose training rows are learned from, by name.</summary>
    public IReadOnlyDictionary<string, TaskRecipe> Tasks { get; init; } = new Dictionary<string, TaskRecipe>();
    /// <summary>Where the stage's checkpoints are; the job adds the folder of its last step, which the rows decide.</summary>
    public required string Checkpoints { get; init; }

    /// <inheritdoc/>
    public override JobPayload WithFiles(Func<string, string> rename) =>
        this with { Data = Data.ToDictionary(data => data.Key, data => (IReadOnlyList<string>)[.. data.Value.Select(rename)]) };
}

/// <summary>Trains a reward model on preference pairs or labelled responses.</summary>
public sealed record RewardModelJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.RewardModel;
    /// <summary>The stage's settings.</summary>
    public required RewardModelStage Settings { get; init; }
    /// <summary>The task that makes the rows.</summary>
    public required TaskRecipe Task { get; init; }
    /// <summary>The model whose trunk it starts with.</summary>
    public required string From { get; init; }
    /// <summary>Where the checkpoint goes.</summary>
    public required string Checkpoint { get; init; }
}

/// <summary>Measures a checkpoint on a benchmark's held-out problems.</summary>
public sealed record EvaluateJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Evaluate;
    /// <summary>What is measured.</summary>
    public required BenchmarkRecipe Settings { get; init; }
    /// <summary>The task that asks the problems.</summary>
    public required TaskRecipe Task { get; init; }
    /// <summary>The reward functions by name, whose means are reported.</summary>
    public IReadOnlyDictionary<string, RewardRecipe> Rewards { get; init; } = new Dictionary<string, RewardRecipe>();
    /// <summary>The checkpoint.</summary>
    public required string Checkpoint { get; init; }
    /// <summary>Whether example answers are written; a curve point needs none.</summary>
    public bool WithSamples { get; init; } = true;
}

/// <summary>Does nothing, or fails in a way that a test asks for.</summary>
public sealed record NoopJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Noop;
    /// <summary>How long it takes, in milliseconds.</summary>
    public int Milliseconds { get; init; }
    /// <summary>What goes wrong: null, <c>retryable</c>, <c>bad-input</c> or <c>crash</c>.</summary>
    public string? Fault { get; init; }
    /// <summary>On how many of the first attempts it goes wrong.</summary>
    public int FaultyAttempts { get; init; }
}
