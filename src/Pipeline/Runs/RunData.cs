using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Orchestration;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Metrics;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>What runs leave behind for people to read: metrics, example answers, reports.</summary>
internal sealed class RunData(RunService service, IOrchestrationClient client, IBlobStore blobs, MetricsReader metrics)
{
    /// <summary>A run's metrics.</summary>
    /// <param name="id">The run.</param>
    /// <param name="stage">A stage by name or label; null for all.</param>
    /// <param name="since">Only steps after this one; null for all.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task<RunMetrics> MetricsAsync(string id, string? stage, int? since, CancellationToken cancellation)
    {
        var run = await service.GetAsync(id, cancellation);
        var rows = new List<MetricsRow>();
        foreach (var view in Stages(run, stage)) rows.AddRange(await metrics.ReadAsync(id, view.Label, view.ReusedFrom, cancellation));
        return new(id, [.. rows.Where(row => since is null || row.Step > since)]);
    }

    /// <summary>A run's example answers.</summary>
    /// <param name="id">The run.</param>
    /// <param name="stage">A stage by name or label; null for all.</param>
    /// <param name="limit">Answers a set.</param>
    /// <param name="cancellation">Stops.</param>
    public async Task<RunSamples> SamplesAsync(string id, string? stage, int limit, CancellationToken cancellation)
    {
        var run = await service.GetAsync(id, cancellation);
        var sets = new List<SampleSet>();
        foreach (var view in Stages(run, stage))
        {
            var result = (await blobs.TryReadJsonAsync<StageRecord>(BlobLayout.StageRecord(id, view.Label), cancellation))?.Result;
            var rollout = result?.Samples
                ?? (view.Status == StageStatus.Pending
                    ? null : RunViewer.Read<StageProgress>(await client.GetAsync(InstanceIds.Stage(id, view.Label), cancellation))
                    ?.Samples);
            await AddAsync(view, JobKinds.Rollout, view.Done, rollout);
            foreach (var benchmark in result?.Evaluation?.Benchmarks ?? [])
                await AddAsync(view, JobKinds.Evaluate, view.Total, benchmark.Samples, benchmark.Name);
        }
        return new(id, sets);

        async Task AddAsync(StageView view, string source, int step, string? path, string? benchmark = null)
        {
            if (path is not null && await blobs.TryReadAsync(path, cancellation) is { } data)
                sets.Add(new(view.Label, source, step, [.. JsonLines.Read<Sample>(data, path).Take(limit)], benchmark));
        }
    }

    /// <summary>A file of a run's report.</summary>
    /// <exception cref="RunNotFoundException">There is no such run, or no report yet.</exception>
    public async Task<BinaryData> ReportAsync(string id, string file, CancellationToken cancellation)
    {
        await service.SpecAsync(id, cancellation);
        return await blobs.TryReadAsync(BlobLayout.Report(id, file), cancellation)
            ?? throw new RunNotFoundException(file == ReportFiles.Curve
                ? $"Run '{id}' has no learning curve (yet)."
                : $"Run '{id}' has no report yet; it is written when the run completes.");
    }

    /// <summary>A run's stages of a name or label; all where it is null.</summary>
    /// <exception cref="InvalidRequestException">There is none.</exception>
    public static IEnumerable<StageView> Stages(RunView run, string? stage)
    {
        if (stage is null) return run.Stages;
        var found = run.Stages.Where(view => view.Name == stage || view.Label == stage).ToList();
        return found.Count > 0
            ? found
            : throw new InvalidRequestException("stage", stage, string.Join(", ", run.Stages.Select(view => view.Name)));
    }
}
