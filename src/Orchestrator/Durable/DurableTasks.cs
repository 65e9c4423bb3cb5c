using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using R1Cloud.Pipeline.Orchestration;

namespace R1Cloud.Orchestrator.Durable;

/// <summary>Registers the orchestrators and activities of a registry with a Durable Task worker, each under its own name.</summary>
public static class DurableTasks
{
    /// <summary>Adds every orchestrator and activity. In the Functions app each of them so becomes a function of its name.</summary>
    public static DurableTaskRegistry AddAll(this DurableTaskRegistry tasks, OrchestrationRegistry registry)
    {
        foreach (var name in registry.Orchestrators) tasks.AddOrchestrator(name, new OrchestratorTask(registry.Orchestrator(name)));
        foreach (var name in registry.Activities)
            tasks.AddActivity(name, services => new ActivityTask(name, registry.Activity(name), services));
        return tasks;
    }

    // An orchestrator of the pipeline as a Durable Task one.
    private sealed class OrchestratorTask(Pipeline.Orchestration.Orchestrator run) : ITaskOrchestrator
    {
        public Type InputType => typeof(JsonElement);

        public Type OutputType => typeof(JsonElement);

        public async Task<object?> RunAsync(TaskOrchestrationContext context, object? input)
        {
            try
            {
                return DurableJson.Element(await run(new DurableContext(context, input as JsonElement?)));
            }
            catch (Pipeline.Orchestration.TaskFailedException e)
            {
                throw DurableFailures.Back(e);
            }
        }
    }

    // An activity of the pipeline as a Durable Task one.
    private sealed class ActivityTask(string name, Activity run, IServiceProvider services) : ITaskActivity
    {
        public Type InputType => typeof(JsonElement);

        public Type OutputType => typeof(JsonElement);

        // Durable Task tells an activity nothing of its host going down: it runs out, or is run again elsewhere.
        public async Task<object?> RunAsync(TaskActivityContext context, object? input)
        {
            try
            {
                var clock = services.GetService<TimeProvider>() ?? TimeProvider.System;
                return DurableJson.Element(await InvocationLimits.RunAsync(
                    clock, name, CancellationToken.None, token => run(services, input as JsonElement? ?? DurableJson.Null, token)));
            }
            catch (Exception e) when (DeepFailureException.IsTooDeep(e))
            {
                throw new DeepFailureException(e);
            }
        }
    }
}
