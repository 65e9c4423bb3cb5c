using R1Cloud.Pipeline.Metrics;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Runs;

/// <summary>The rollouts of an iteration.</summary>
/// <param name="Iteration">The iteration, from 0.</param>
/// <param name="Shards">Its shards in order: the files with their rows, null for those that have none.</param>
/// <param name="RunId">The run that made it.</param>
/// <param name="Update">The id of its update's job, once that is done.</param>
/// <param name="Trace">The file that keeps its rows for good; null for none.</param>
internal sealed record RolloutSet(int Iteration, IReadOnlyList<string?> Shards, string RunId, string? Update = null, string? Trace = null)
{
    /// <summary>Whether its rows are in the trace alone: rollouts are deleted by their age.</summary>
    public bool IsTraced => Trace is not null && Shards.Contains(null);

    /// <summary>Whether there are rows.</summary>
    public bool HasRows => Trace is not null || Committed > 0;

    /// <summary>Whether its update is done.</summary>
    public bool Updated => Update is not null;

    /// <summary>The files there are, in order.</summary>
    public IReadOnlyList<string> Files => [.. Shards.OfType<string>()];

    /// <summary>How many shards have their rows.</summary>
    public int Committed => Shards.Count(shard => shard is not null);
}

/// <summary>
/// Finds sample rows. Of rollouts only what an attempt has committed counts; once that is deleted for its age, the iteration's trace.
/// </summary>
internal sealed class SampleSetFinder(IBlobStore blobs, MetricsReader metrics)
{
    /// <summary>Most iterations of a stage that are looked through.</summary>
    public const int MaxIterations = 200;

    private const int AtOnce = 16;

    /// <summary>A stage's newest iterations, from 0.</summary>
    public async Task<(int From, int To)> WindowAsync(string runId, StageView stage, CancellationToken cancellation)
    {
        var rows = await metrics.ReadAsync(runId, stage.Label, stage.ReusedFrom, cancellation);
        // One more than is under way: with staleness the next rollouts are made meanwhile.
        var to = Math.Max(stage.Done, rows.Count > 0 ? rows[^1].Step : 0) + 1;
        return (Math.Max(0, to - MaxIterations + 1), to);
    }

    /// <summary>The rollouts of iterations, from 0.</summary>
    public async Task<IReadOnlyList<RolloutSet>> RolloutsAsync(string runId, StageView stage, int from, int to,
        CancellationToken cancellation)
    {
        var (origin, label) = stage.ReusedFrom is { } other ? (other.RunId, other.Label) : (runId, stage.Label);
        var files = new HashSet<string>(StringComparer.Ordinal);
        var root = BlobLayout.Rollouts(origin, label);
        foreach (var prefix in DigitPrefixes.Cover(from, to))
        {
            await foreach (var blob in blobs.ListAsync(root + prefix, cancellation)) files.Add(blob.Path);
        }
        var traces = new HashSet<string>(StringComparer.Ordinal);
        foreach (var prefix in DigitPrefixes.Cover(from + 1, to + 1))
        {
            await foreach (var blob in blobs.ListAsync(BlobLayout.Traces(origin, label) + prefix.TrimEnd('/'), cancellation))
                traces.Add(blob.Path);
        }
        if (files.Count == 0 && traces.Count == 0) return [];

        var sets = new List<RolloutSet>();
        foreach (var iteration in (await JobBlobs.ListAsync(blobs, origin, label, from, to, cancellation)).GroupBy(job => job.Iteration)
            .OrderBy(group => group.Key))
        {
            var shards = iteration.Where(job => job.Kind == JobKinds.Rollout).OrderBy(job => job.Shard).ToList();
            var paths = new string?[shards.Count];
            await Parallel.ForAsync(0, shards.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce,
                CancellationToken = cancellation }, async (i, token) => paths[i] = await FileAsync(origin, shards[i], files, token));
            var trace = BlobLayout.Trace(origin, label, iteration.Key + 1);
            sets.Add(new(iteration.Key, paths, origin,
                iteration.FirstOrDefault(job => job.Kind == JobKinds.Update && job.Times.ContainsKey(JobAttempts.ResultFile))?.Id,
                traces.Contains(trace) ? trace : null));
        }
        return sets;
    }

    /// <summary>The rows of a stage's benchmarks.</summary>
    public async Task<IReadOnlyList<(string Benchmark, int Step, string? File)>> EvaluationsAsync(string runId, StageView stage,
        CancellationToken cancellation)
    {
        var record = await blobs.TryReadJsonAsync<StageRecord>(BlobLayout.StageRecord(runId, stage.Label), cancellation);
        return record?.Result is { Evaluation: { } evaluation } result
            ? [.. evaluation.Benchmarks.Where(one => one.Samples is not null).Select(one => (one.Name, result.Steps, one.Samples))] : [];
    }

    /// <summary>The advantages by question and sample; null where the update has not written any.</summary>
    public async Task<IReadOnlyDictionary<(int Question, int Sample), double>?> AdvantagesAsync(RolloutSet set,
        CancellationToken cancellation)
    {
        if (set.Update is null) return null;
        var result = await blobs.TryReadJsonAsync<JobResult>(BlobLayout.JobResult(set.RunId, set.Update), cancellation);
        if (result?.Outputs.GetValueOrDefault(SampleAdvantage.Output) is not { } file
            || await blobs.TryReadAsync(file, cancellation) is not { } data) return null;
        return JsonLines.Read<SampleAdvantage>(data, file).ToDictionary(row => (row.Question, row.Sample), row => (double)row.Advantage);
    }

    private async Task<string?> FileAsync(string runId, JobBlobs job, HashSet<string> files, CancellationToken cancellation)
    {
        if (!job.Times.ContainsKey(JobAttempts.ResultFile)) return null;
        var result = await blobs.TryReadJsonAsync<JobResult>(BlobLayout.JobResult(runId, job.Id), cancellation);
        return result?.Outputs.GetValueOrDefault("samples") is { } file && files.Contains(file) ? file : null;
    }
}
