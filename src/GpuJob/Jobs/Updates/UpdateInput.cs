using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>What all jobs of an iteration's update have in common.</summary>
internal sealed record UpdateInput(long Seed, string Stage, int Iteration, RlStage Settings, string Policy, string? Reference,
    IReadOnlyList<string> Rollouts)
{
    /// <summary>That of the update itself.</summary>
    public static UpdateInput Of(UpdateJob job) =>
        new(job.Seed, job.Stage, job.Iteration, job.Settings, job.Policy, job.Reference, job.Rollouts);

    /// <summary>That of a shard's gradient.</summary>
    public static UpdateInput Of(GradientJob job) =>
        new(job.Seed, job.Stage, job.Iteration, job.Settings, job.Policy, job.Reference, job.Rollouts);
}
