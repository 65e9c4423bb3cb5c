using System.Collections.Concurrent;
using System.Text.Json;
using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>A run's stages as the API shows them: where they stand by the run's status, what they have made by their records.</summary>
internal sealed class StageTree(IRunStore runs, IBlobStore blobs, MetricsReader metrics)
{
    private const int MostCached = 4096;

    // What has ended does not change any more, and every look at a run asks for all of it.
    private readonly ConcurrentDictionary<(string Path, DateTimeOffset Begun), object> cache = new();

    /// <summary>The stages, and the jobs of the evaluations under way.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="recipe">Its recipe as it is carried out.</param>
    /// <param name="state">Its orchestration; null before it is begun.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task<(List<StageView> Stages, IReadOnlyList<string> Jobs)> OfAsync(string runId, Recipe recipe, OrchestrationState? state,
        CancellationToken cancellation)
    {
        var progress = RunViewer.Read<RunProgress>(state);
        if (progress?.Stages is { } told)
            return ([.. told.Select(stage => stage with { Needs = StageNeeds.Of(recipe, stage.Name) })], progress.Jobs);
        var input = await InputAsync(runId, state, cancellation);
        var plan = StageViews.Plan(recipe, input);
        // Before its recipe is read a run may have nothing to say but that storage is away.
        if (progress?.Columns is null) return (plan, []);

        // A run may be removed, and another one take its id.
        var begun = state!.CreatedAt;
        var decisions = await CachedAsync<RunDecisions>(BlobLayout.Decisions(runId, input.Generation), begun, true, cancellation);
        var failure = state?.Failure?.Root.ErrorMessage;
        var stages = await Task.WhenAll(progress.Marks.Zip(plan, (mark, stage) =>
        {
            var decision = decisions?.Stages.GetValueOrDefault(mark.Name);
            stage = stage with
            {
                Status = mark.Status, StartedAt = mark.StartedAt, EndedAt = mark.EndedAt, ReusedFrom = decision?.ReusedFrom,
                    Reason = decision?.Reason,
                Error = mark.Status is StageStatus.Failed ? StageColumns.Restored(mark.Error, failure) : null,
            };
            return DescribeAsync(runId, recipe, stage, mark, begun, cancellation);
        }));
        return ([.. stages.Select(one => one.Stage)], [.. stages.SelectMany(one => one.Jobs)]);
    }

    /// <summary>The stages as a run's orchestration sees them; empty before it has said so.</summary>
    public static IReadOnlyList<StageMark> Marks(OrchestrationState? state) => RunViewer.Read<RunProgress>(state) switch
    {
        { Stages: { } told } =>
            [.. told.Select(stage => new StageMark(stage.Name, stage.Status, stage.StartedAt, stage.EndedAt, stage.Error))],
        var progress => progress?.Marks ?? [],
    };

    /// <summary>The label of the stage that a run is at, or was at last.</summary>
    public static string? Last(OrchestrationState? state)
    {
        var progress = RunViewer.Read<RunProgress>(state);
        if (progress?.Stages is { } told) return told.LastOrDefault(stage => stage.Status != StageStatus.Pending)?.Label;
        return progress?.Marks.LastOrDefault(mark => mark.Status != StageStatus.Pending) is { } mark
            ? Input(state)?.Label(mark.Name) ?? mark.Name : null;
    }

    /// <summary>The figures of a running stage's last step.</summary>
    public async Task<IReadOnlyDictionary<string, double>> FiguresAsync(string runId, string label, StageProgress progress,
        CancellationToken cancellation)
    {
        if (progress.JobSteps || progress.Done == 0) return new Dictionary<string, double>();
        var rows = await metrics.ReadAsync(runId, label, cancellation);
        return rows.LastOrDefault(row => row.Step <= progress.Done)?.Values ?? new Dictionary<string, double>();
    }

    // The stage with what its record says, and its evaluation's jobs while that is under way.
    private async Task<(StageView Stage, IReadOnlyList<string> Jobs)> DescribeAsync(
        string runId, Recipe recipe, StageView stage, StageMark mark, DateTimeOffset begun, CancellationToken cancellation)
    {
        if (mark.Status is StageStatus.Pending or StageStatus.Running) return (stage, []);
        var record =
            await CachedAsync<StageRecord>(BlobLayout.StageRecord(runId, stage.Label), begun, mark.Status is StageStatus.Completed,
                cancellation);
        if (record?.Result is not { } result) return (stage, []);
        var figures = new Dictionary<string, double>(result.Metrics);
        foreach (var (name, value) in result.Evaluation?.Metrics ?? new Dictionary<string, double>()) figures[name] = value;
        stage = stage with
        {
            Done = result.Steps, Total = result.Steps, Checkpoint = result.Checkpoint, Metrics = figures, StartedAt = result.StartedAt,
            EndedAt = mark.Status is StageStatus.Completed ? result.EndedAt : mark.EndedAt,
                ReusedFrom = stage.ReusedFrom ?? result.ReusedFrom,
        };
        return mark.Status is StageStatus.Evaluating
            ? (stage with { Phase = JobKinds.Evaluate }, EvaluationPlan.JobsOf(stage.Label, recipe, result.Steps)) : (stage, []);
    }

    private async Task<RunInput> InputAsync(string runId, OrchestrationState? state, CancellationToken cancellation)
    {
        if (Input(state) is { } input) return input;
        var generation = await runs.TryGetGenerationAsync(runId, cancellation);
        return new(runId, generation?.Number ?? 0, generation?.Revisions);
    }

    private static RunInput? Input(OrchestrationState? state) =>
        state?.Input is { ValueKind: JsonValueKind.Object } input ? input.Deserialize<RunInput>(R1Json.Options) : null;

    private async Task<T?> CachedAsync<T>(string path, DateTimeOffset begun, bool final, CancellationToken cancellation)
        where T : class
    {
        if (cache.TryGetValue((path, begun), out var known)) return (T)known;
        var read = await blobs.TryReadJsonAsync<T>(path, cancellation);
        if (!final || read is null) return read;
        if (cache.Count >= MostCached) cache.Clear();
        cache[(path, begun)] = read;
        return read;
    }
}
