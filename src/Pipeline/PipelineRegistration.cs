using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using R1Cloud.Pipeline.Alerts;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Outbound;
using R1Cloud.Pipeline.Plan;
using R1Cloud.Pipeline.Report;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Stages;
using R1Cloud.Pipeline.Tracking;
using R1Cloud.Pipeline.Upkeep;
using R1Cloud.Pipeline.Workers;

namespace R1Cloud.Pipeline;

/// <summary>Wires the pipeline into a host.</summary>
public static class PipelineRegistration
{
    /// <summary>Adds the pipeline's orchestrators and activities.</summary>
    /// <param name="registry">The host's registry.</param>
    /// <param name="options">The same options as given to the services.</param>
    public static OrchestrationRegistry AddPipeline(this OrchestrationRegistry registry, PipelineOptions options)
    {
        var jobs = new JobCalls(options.JobCheckInterval);
        var run = new RunOrchestration(jobs);
        registry.AddOrchestrator<RunInput, RunProgress>(
            OrchestrationNames.Run,
                (context, input) =>
                run.RunAsync(new WaitingContext(context, new RunProgress { Version = RunProgress.CurrentVersion }), input));
        foreach (var kind in StageKinds.All) kind.Register(registry, jobs);

        Add<JobActivities, Shared.Jobs.JobSpec, JobSubmission>(JobActivities.Submit, activities => activities.SubmitAsync);
        Add<JobActivities, Shared.Jobs.JobSpec, JobSubmission>(JobActivities.Restore, activities => activities.RestoreAsync);
        Add<JobActivities, JobRefs, bool>(JobActivities.Forgive, activities => activities.ForgiveAsync);
        Add<JobActivities, JobRef, bool>(JobActivities.Check, activities => activities.CheckAsync);
        Add<JobActivities, JobRef, Shared.Jobs.JobResult>(JobActivities.Read, activities => activities.ReadAsync);
        Add<StageActivities, RunInput, RunPlan>(StageActivities.Begin, activities => activities.BeginAsync);
        Do<StageActivities, StageSave>(StageActivities.Save, activities => activities.SaveAsync);
        Add<BudgetActivities, BudgetStep, bool>(BudgetActivities.Ask, activities => activities.AskAsync);
        Add<StageActivities, CheckpointPrune, int>(StageActivities.Prune, activities => activities.PruneAsync);
        Add<StageActivities, GradientsDone, int>(StageActivities.ForgetGradients, activities => activities.ForgetGradientsAsync);
        Do<StageActivities, WorkersRequest>(StageActivities.EnsureWorkers, activities => activities.EnsureWorkersAsync);
        Do<StageActivities, WorkersRelease>(StageActivities.ReleaseWorkers, activities => activities.ReleaseWorkersAsync);
        Do<MetricsActivities, StepMetrics>(MetricsActivities.Record, activities => activities.RecordAsync);
        Do<MetricsActivities, JobSteps>(MetricsActivities.RecordJobSteps, activities => activities.RecordJobStepsAsync);
        Do<ReportActivities, ReportRequest>(ReportActivities.Write, activities => activities.WriteAsync);
        return registry;

        void Add<TActivities, TInput, TOutput>(string name, Func<TActivities, Func<TInput, CancellationToken, Task<TOutput>>> run)
            where TActivities : class =>
            registry.AddActivity<TInput, TOutput>(name,
                (services, input, cancellation) => run(services.GetRequiredService<TActivities>())(input, cancellation));

        void Do<TActivities, TInput>(string name, Func<TActivities, Func<TInput, CancellationToken, Task>> run)
            where TActivities : class =>
            registry.AddActivity<TInput, object?>(name, async (services, input, cancellation) =>
            {
                await run(services.GetRequiredService<TActivities>())(input, cancellation);
                return null;
            });
    }

    /// <summary>
    /// Adds the pipeline's services. The host supplies <see cref="Shared.Storage.IBlobStore"/>, <see cref="OpenQueue"/>,
    /// <see cref="IOrchestrationClient"/>, <see cref="IWorkerPool"/>, <see cref="Shared.Jobs.ITraceReader"/> and logging;
    /// <see cref="IWorkerLogs"/> where its workers' output is not in storage.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">The pipeline's settings.</param>
    public static IServiceCollection AddPipeline(this IServiceCollection services, PipelineOptions options)
    {
        services.AddSingleton(options);
        if (services.All(service => service.ServiceType != typeof(TimeProvider))) services.AddSingleton(TimeProvider.System);
        services.TryAddSingleton<IWorkerLogs, BlobWorkerLogs>();
        return services
            .AddSingleton<JobQueues>().AddSingleton<JobActivities>().AddSingleton<JobCompletions>()
            .AddSingleton<StageActivities>()
            .AddSingleton<RunClaims>()
            .AddSingleton<DataContents>().AddSingleton<StageOutputs>().AddSingleton<StageIndex>().AddSingleton<StageIndexing>()
            .AddSingleton(provider => new ReusePlanner(
                provider.GetRequiredService<Shared.Storage.IBlobStore>(),
                provider.GetRequiredService<StageIndex>(),
                provider.GetRequiredService<StageOutputs>(),
                provider.GetRequiredService<DataContents>(),
                provider.GetRequiredService<RunClaims>()))
            .AddSingleton<MetricsActivities>().AddSingleton<MetricsReader>()
            .AddSingleton(CreatePlanner()).AddSingleton<PlanComparer>()
            .AddSingleton<RelativeCurves>().AddSingleton<ReportBuilder>().AddSingleton<ReportActivities>()
            .AddSingleton<RunIndex>().AddSingleton<IRunStore, BlobRunStore>().AddSingleton<RunDigests>()
            .AddSingleton<RunLister>().AddSingleton<StageTree>()
            .AddSingleton(provider => new RunViewer(
                provider.GetRequiredService<IOrchestrationClient>(),
                provider.GetRequiredService<Shared.Storage.IBlobStore>(),
                provider.GetRequiredService<StageTree>(),
                provider.GetRequiredService<IWorkerPool>(),
                provider.GetRequiredService<RunBudgets>(),
                options,
                provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<RunBudgets>().AddSingleton<BudgetActivities>()
            .AddSingleton<RunRetries>().AddSingleton<RunAdmission>()
            .AddSingleton(provider => new RunService(
                provider.GetRequiredService<IRunStore>(), provider.GetRequiredService<RunLister>(),
                provider.GetRequiredService<IOrchestrationClient>(), provider.GetRequiredService<IWorkerPool>(),
                provider.GetRequiredService<RunViewer>(), provider.GetRequiredService<RunRetries>(),
                provider.GetRequiredService<ReusePlanner>(), provider.GetRequiredService<RunClaims>(),
                provider.GetRequiredService<RunBudgets>(),
                provider.GetRequiredService<RunAdmission>(), provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<ForkPoints>().AddSingleton<RunForks>()
            .AddSingleton<RunRemoval>().AddSingleton<RunRelatives>().AddSingleton<RunData>()
            .AddSingleton<RunEvents>().AddSingleton<MetricSeriesReader>().AddSingleton<JobReader>().AddSingleton<RunJobsReader>()
            .AddSingleton<RecipePlans>().AddSingleton<SampleSetFinder>().AddSingleton<SampleReader>()
            .AddSingleton<IRouteGroup, MetricHandlers>().AddSingleton<IRouteGroup, JobHandlers>()
            .AddSingleton<IRouteGroup, RecipeHandlers>().AddSingleton<IRouteGroup, ForkHandlers>()
            .AddSingleton<RunWorkersReader>()
            .AddSingleton<OutboundHttp>().AddSingleton(new Secrets(Environment.GetEnvironmentVariable))
            .AddSingleton<AlertSender>().AddSingleton<RunAlerts>().AddSingleton<RunTracking>()
            .AddSingleton<ITracker>(provider => new MlflowTracker(
                provider.GetRequiredService<OutboundHttp>(), provider.GetRequiredService<Secrets>()))
            .AddSingleton(provider => new RunObservers(
                provider.GetRequiredService<IRunStore>(),
                provider.GetRequiredService<RunAlerts>(),
                provider.GetRequiredService<RunTracking>(),
                provider.GetRequiredService<ILogger<RunObservers>>()))
            .AddSingleton<IRouteGroup, SampleHandlers>().AddSingleton<IRouteGroup, WorkerHandlers>()
            .AddSingleton(provider => new RunHandlers(
                provider.GetRequiredService<RunService>(),
                provider.GetRequiredService<RunData>(),
                provider.GetRequiredService<RunEvents>(),
                provider.GetRequiredService<RunBudgets>(),
                options,
                provider.GetRequiredService<ILogger<RunHandlers>>()));
    }

    /// <summary>A planner that knows every kind of stage, for who plans without a host.</summary>
    public static RunPlanner CreatePlanner() => new(StageKinds.All);

    /// <summary>Adds the background services of a host that has no queue triggers and no pool that looks after itself.</summary>
    public static IServiceCollection AddPipelineBackgroundServices(this IServiceCollection services) =>
        services.AddHostedService<CompletionPump>().AddHostedService<WorkerKeeper>();
}
