using R1Cloud.Pipeline.Jobs;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Pipeline.Reuse;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>Starts a finished run again.</summary>
/// <param name="runs">Where runs are kept.</param>
/// <param name="index">Where they are marked.</param>
/// <param name="client">The orchestration engine.</param>
/// <param name="blobs">The runs' blobs.</param>
/// <param name="planner">Knows what was taken over.</param>
/// <param name="clock">The clock.</param>
public sealed class RunRetries(IRunStore runs, RunIndex index, IOrchestrationClient client, IBlobStore blobs, ReusePlanner planner,
    TimeProvider clock)
{
    /// <summary>Begins the run's next generation.</summary>
    /// <param name="run">The run; it must be finished.</param>
    /// <param name="stage">The stage to run again with those that depend on it; null continues where the run ended.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="InvalidRequestException">The run has no such stage.</exception>
    /// <exception cref="RunConflictException">Someone else is restarting it, or parts of it are still stopping.</exception>
    internal async Task RestartAsync(RunSpec run, string? stage, CancellationToken cancellation)
    {
        var recipe = run.ParseRecipe();
        var last = await runs.TryGetGenerationAsync(run.Id, cancellation);
        var number = (last?.Number ?? 0) + 1;
        var named = recipe.Stages.Keys.Where(name => name == stage || ModelNames.StageOf(name) == stage).ToList();
        if (stage is not null && named.Count == 0) throw new InvalidRequestException("stage", stage, string.Join(", ", recipe.Stages.Keys));
        if (await planner.ForkOfAsync(run, cancellation) is { } fork && named.FirstOrDefault(fork.Records.ContainsKey) is { } taken)
        {
            throw new InvalidRequestException("stage", taken,
                $"{string.Join(", ", recipe.Stages.Keys.Where(name => !fork.Records.ContainsKey(name)))}; the others are run '{run.Fork!.RunId}''s");
        }
        // What was taken over and is gone must be made here, under a new label: jobs that were given the lost files exist under the old
        // one.
        var lost = await planner.LostAsync(recipe, new(run.Id, number, last?.Revisions), cancellation);
        if (run.Fork is not null && lost.Count > 0)
            throw new RunConflictException($"Run '{run.Id}' is a fork, and what it took over of stage '{lost[0]}' is missing or damaged.");
        var revisions = Revisions(recipe, last?.Revisions ?? new Dictionary<string, int>(), [.. named, .. lost]);
        var input = RunInput.Begin(run.Id, number, revisions);

        await index.MarkAsync(run.Id, cancellation);
        await ForgetInstancesAsync(run.Id, cancellation);
        foreach (var label in recipe.Stages.Keys.Select(input.Label).Append(OrchestrationNames.InputCheck))
            await SetFailuresAsideAsync(run.Id, label, number, cancellation);
        if (!await runs.TryAddGenerationAsync(run.Id, new(number, revisions, clock.GetUtcNow()), cancellation)
            || !await client.ScheduleNewAsync(OrchestrationNames.Run, input, run.Id, restartFinished: true, cancellation))
        {
            throw new RunConflictException($"Run '{run.Id}' is being restarted by another request.");
        }
    }

    /// <summary>
    /// The stages' revisions after a retry: the named stages and those that depend on them, directly or not, get the next one.
    /// </summary>
    internal static Dictionary<string, int> Revisions(Recipe recipe, IReadOnlyDictionary<string, int> before,
        IReadOnlyCollection<string> stages)
    {
        var revisions = new Dictionary<string, int>(before);
        var again = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in recipe.Stages.Keys) // inputs come before what depends on them
        {
            if (!stages.Contains(name) && !recipe.InputsOf(name).Any(again.Contains)) continue;
            again.Add(name);
            revisions[name] = revisions.GetValueOrDefault(name) + 1;
        }
        return revisions;
    }

    // Removes the last generation's stage and iteration instances: the next one's have the same ids, since jobs announce themselves to
    // them.
    private async Task ForgetInstancesAsync(string runId, CancellationToken cancellation)
    {
        var instances = new List<string>();
        await foreach (var state in client.ListAsync(runId + ":", cancellation: cancellation)) instances.Add(state.InstanceId);
        foreach (var instance in instances)
        {
            if (!await client.PurgeAsync(instance, cancellation) && await client.GetAsync(instance, cancellation) is not null)
                throw new RunConflictException($"Run '{runId}' is still stopping ('{instance}' is not finished). Try again in a moment.");
        }
    }

    // Moves failed jobs' results away, and the attempts that led to them, so that the jobs run again.
    private async Task SetFailuresAsideAsync(string runId, string label, int generation, CancellationToken cancellation)
    {
        var paths = new List<string>();
        await foreach (var blob in blobs.ListAsync(BlobLayout.Job(runId, label), cancellation)) paths.Add(blob.Path);
        foreach (var path in paths.Where(path => path.EndsWith("/result.json", StringComparison.Ordinal)))
        {
            if (await blobs.TryReadJsonAsync<JobResult>(path, cancellation) is not { Status: JobStatus.Failed } failed) continue;
            await blobs.SetAsideAsync(runId, failed, $"before-retry-{generation}", cancellation);
        }
    }
}
