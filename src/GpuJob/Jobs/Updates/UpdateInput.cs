using R1Cloud.GpuJob.Optimization;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>What all jobs of an iteration's update have in common.</summary>
internal sealed record UpdateInput(long Seed, string Stage, int Iteration, RlStage Settings, string Policy, string? Reference,
    IReadOnlyList<string> Rollouts)
{
    /// <summary>What sampled the rollouts; null for the trainer itself.</summary>
    public SamplingEngine? Engine { get; init; }

    /// <summary>The checkpoint of the teacher of distillation on policy; null for none.</summary>
    public string? Teacher { get; init; }

    /// <summary>The learning rate of all the update's steps.</summary>
    public double LearningRate => Settings.Control == TrainingControl.ZeroLearningRate
        ? 0 : LearningRates.At(Settings.Optimizer, Iteration + 1, Settings.Iterations);

    /// <summary>That of the update itself.</summary>
    public static UpdateInput Of(UpdateJob job) =>
        new(job.Seed, job.Stage, job.Iteration, job.Settings, job.Policy, job.Reference, job.Rollouts)
        {
            Engine = job.Engine, Teacher = job.Teacher,
        };

    /// <summary>That of an earlier update of the same stage.</summary>
    public static UpdateInput Of(UpdateJob job, EarlierUpdate earlier) =>
        Of(job) with
        {
            Iteration = earlier.Iteration, Policy = earlier.Policy, Reference = earlier.Reference, Rollouts = earlier.Rollouts,
        };

    /// <summary>That of a shard's gradient.</summary>
    public static UpdateInput Of(GradientJob job) =>
        new(job.Seed, job.Stage, job.Iteration, job.Settings, job.Policy, job.Reference, job.Rollouts)
        {
            Engine = job.Engine, Teacher = job.Teacher,
        };
}
