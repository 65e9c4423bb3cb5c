using System.Text.Json;
using System.Text.Json.Nodes;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Api;

/// <summary>What changed from one look at a run to the next, as events of the form of changes.</summary>
internal static class RunChange
{
    // These have events of their own.
    private static readonly HashSet<string> Apart = ["stages", "jobs"];

    // These grow with the clock: no news by themselves, they come with what is.
    private static readonly HashSet<string> Clocked = ["cost", "etaSeconds"];

    /// <summary>The events, in order.</summary>
    public static IEnumerable<(string Name, object Data)> Between(RunView before, RunView run)
    {
        if (Fields(before, run) is { Count: > 0 } fields) yield return (RunEventNames.Change, fields);
        foreach (var stage in run.Stages)
        {
            if (Text(before.Stages.FirstOrDefault(other => other.Label == stage.Label)) != Text(stage))
                yield return (RunEventNames.Stage, stage);
        }
        foreach (var job in run.Jobs)
        {
            if (Text(before.Jobs.FirstOrDefault(other => other.JobId == job.JobId)) != Text(job)) yield return (RunEventNames.Job, job);
        }
        var ended = before.Jobs.Where(job => run.Jobs.All(other => other.JobId != job.JobId)).ToList();
        foreach (var job in ended) yield return (RunEventNames.JobEnd, new JobEnd(job.JobId));
        foreach (var news in ended.Select(job => NewsOf(job.JobId)).OfType<SamplesNews>().Distinct())
            yield return (RunEventNames.Samples, news);
    }

    /// <summary>The fields that differ, null for those that are gone.</summary>
    public static JsonObject Fields(RunView before, RunView run)
    {
        var (old, now) = (Node(before), Node(run));
        var differing = old.Concat(now).Select(field => field.Key).Distinct()
            .Where(name => !Apart.Contains(name) && !JsonNode.DeepEquals(old[name], now[name])).ToList();
        if (differing.TrueForAll(Clocked.Contains)) return [];
        return new(differing.Select(name => KeyValuePair.Create(name, now[name]?.DeepClone())));
    }

    private static SamplesNews? NewsOf(string jobId) => jobId.Split('/') is [.. var stage, _, var name, _]
        ? name == JobKinds.Rollout ? new(string.Join('/', stage), JobKinds.Rollout)
            : name.EndsWith(JobKinds.Evaluate, StringComparison.Ordinal) ? new(string.Join('/', stage), JobKinds.Evaluate) : null
        : null;

    private static JsonObject Node(RunView run) => JsonSerializer.SerializeToNode(run, R1Json.Options)!.AsObject();

    private static string Text(object? value) => value is null ? "" : JsonSerializer.Serialize(value, value.GetType(), R1Json.Options);
}
