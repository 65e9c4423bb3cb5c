using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;

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

    /// <summary>The date that chat templates see when they ask; null where the run says none.</summary>
    public DateOnly? TemplateDate { get; init; }

    /// <summary>What samples; null for the trainer itself.</summary>
    public SamplingEngine? Engine { get; init; }

    /// <summary>The job's kind, as in <see cref="JobKinds"/>.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>The same with other names for the files that it reads and that an attempt of another job has made.</summary>
    /// <param name="rename">Gives a file its name.</param>
    public virtual JobPayload WithFiles(Func<string, string> rename) => this;
}
