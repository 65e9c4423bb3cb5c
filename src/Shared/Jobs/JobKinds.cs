using System.Reflection;
using System.Text.Json.Serialization;

namespace R1Cloud.Shared.Jobs;

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

    private static readonly Dictionary<Type, string> ByType = typeof(JobPayload).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToDictionary(kind => kind.DerivedType, kind => (string)kind.TypeDiscriminator!);

    /// <summary>The kind of a job that is to do this.</summary>
    public static string Of(JobPayload payload) => ByType[payload.GetType()];
}
