using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Checking;
using R1Cloud.GpuJob.Jobs.Evaluation;
using R1Cloud.GpuJob.Jobs.Importing;
using R1Cloud.GpuJob.Jobs.Noop;
using R1Cloud.GpuJob.Jobs.Pretraining;
using R1Cloud.GpuJob.Jobs.RewardTraining;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Jobs.Collecting;
using R1Cloud.GpuJob.Jobs.SupervisedTuning;
using R1Cloud.GpuJob.Jobs.Updates;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Jobs;

/// <summary>The handlers by kind of payload.</summary>
internal sealed class JobHandlerRegistry
{
    private readonly Dictionary<Type, Func<JobPayload, JobContext, Task<JobOutcome>>> handlers = [];

    /// <summary>Those of every kind.</summary>
    public static JobHandlerRegistry All(ResidentModels models) => new JobHandlerRegistry()
        .Add(new NoopHandler())
        .Add(new CheckHandler(models.Fit))
        .Add(new ImportHandler())
        .Add(new PretrainHandler(models))
        .Add(new RolloutHandler(models))
        .Add(new GradientHandler(models))
        .Add(new UpdateHandler(models))
        .Add(new SampleHandler(models))
        .Add(new SftHandler(models))
        .Add(new RewardModelHandler(models))
        .Add(new EvaluateHandler(models));

    /// <summary>Adds the handler of a payload type.</summary>
    public JobHandlerRegistry Add<TPayload>(IJobHandler<TPayload> handler)
        where TPayload : JobPayload
    {
        handlers.Add(typeof(TPayload), (payload, context) => handler.RunAsync((TPayload)payload, context));
        return this;
    }

    /// <summary>Runs an attempt with the handler of its payload's type.</summary>
    /// <exception cref="BadInputException">No handler knows the kind.</exception>
    public Task<JobOutcome> RunAsync(JobContext context) =>
        handlers.TryGetValue(context.Spec.Payload.GetType(), out var run)
            ? run(context.Spec.Payload, context)
            : throw new BadInputException($"Job '{context.Spec.JobId}': this worker does not know the kind '{context.Spec.Payload.Kind}'.");
}
