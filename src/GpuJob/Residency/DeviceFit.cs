using R1Cloud.GpuJob.Models;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Memory;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Residency;

/// <summary>
/// Holds what jobs keep of a GPU's memory to what it has, before their models are built. The same arithmetic as a plan's, with
/// completions at their longest; but each job is counted by itself, without what others have left in memory.
/// </summary>
/// <param name="deviceBytes">The GPU's memory; null where a CPU computes, or nobody knows.</param>
internal sealed class DeviceFit(Func<double?> deviceBytes)
{
    private static readonly Dictionary<Type, Func<JobPayload, MemoryDemand?>> Demands = new()
    {
        [typeof(RolloutJob)] = payload => Of((RolloutJob)payload),
        [typeof(UpdateJob)] = payload => OfUpdate(((UpdateJob)payload).Settings, ((UpdateJob)payload).Reference),
        [typeof(GradientJob)] = payload => OfUpdate(((GradientJob)payload).Settings, ((GradientJob)payload).Reference),
        [typeof(SampleJob)] = payload => Of((SampleJob)payload),
        [typeof(EvaluateJob)] = payload => Of((EvaluateJob)payload),
        [typeof(SftJob)] = payload => MemoryDemands.Of(((SftJob)payload).Settings, tokens: 1), // at least: rows are not read yet
        [typeof(RewardModelJob)] = payload => MemoryDemands.Of(((RewardModelJob)payload).Settings, tokens: 1),
        [typeof(PretrainJob)] = payload => MemoryDemands.Of(((PretrainJob)payload).Settings, tokens: 1),
    };

    private readonly Lazy<double?> memory = new(deviceBytes);

    /// <summary>Fits everything: where nobody knows what there is.</summary>
    public static DeviceFit Unknown { get; } = new(() => null);

    /// <summary>Bytes that can be used; null where nobody knows.</summary>
    public double? Usable => memory.Value * MemoryNeed.Usable;

    /// <summary>Refuses a job that does not fit.</summary>
    /// <param name="job">The job.</param>
    /// <param name="config">The shape of its model.</param>
    /// <exception cref="BadInputException">It does not: what it needs, what there is, and which settings would help.</exception>
    public void Require(JobSpec job, ModelConfig config)
    {
        if (!Demands.TryGetValue(job.Payload.GetType(), out var demand)) return;
        if (Problem(config.Size(), demand(job.Payload)) is { } problem) throw new BadInputException($"Job '{job.JobId}': {problem}");
    }

    /// <summary>Why a demand does not fit; null where it does.</summary>
    /// <param name="size">The model.</param>
    /// <param name="demand">What is kept.</param>
    /// <param name="devices">So many like this one that its layers are spread over.</param>
    public string? Problem(DecoderSize size, MemoryDemand? demand, int devices = 1) =>
        demand is null || memory.Value is not { } there ? null : MemoryNeed.Of(size, demand, there * devices)?.Problem();

    // An engine beside the worker has a cache of its own.
    private static MemoryDemand? Of(RolloutJob job) => job.Engine is null or SamplingEngine.Own
        ? MemoryDemands.OfRollouts(job.Settings, job.QuestionCount, Prompt(job.Settings, job)) : null;

    private static double Prompt(RlStage stage, RolloutJob job) =>
        stage.PromptSources().Max(source => MemoryDemands.PromptTokens(job.Tasks.GetValueOrDefault(source.Source.Task)));

    // At least: what it was asked is with the rollouts.
    private static MemoryDemand OfUpdate(RlStage settings, string? reference) =>
        MemoryDemands.OfUpdate(settings, prompt: 1) with { Reference = reference is not null };

    private static MemoryDemand? Of(SampleJob job) => job is { Engine: null or SamplingEngine.Own, Settings: SampleStage stage }
        ? MemoryDemands.OfSampling(job.QuestionCount * stage.Samples, MemoryDemands.PromptTokens(job.Task), stage.Sampling) : null;

    private static MemoryDemand? Of(EvaluateJob job) => job.Engine is null or SamplingEngine.Own
        ? MemoryDemands.OfSampling(job.Settings.Problems * (job.Settings.Samples + 1.0), MemoryDemands.PromptTokens(job.Task),
            job.Settings.Sampling) : null;
}
