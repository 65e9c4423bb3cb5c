using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Residency;
using R1Cloud.Shared;
using R1Cloud.Shared.Storage;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// The optimizer steps of an iteration's update and the rows of each: a function of the rollouts, the recipe and the seed alone, so that
/// every worker makes the same one.
/// </summary>
internal sealed class UpdatePlan
{
    private readonly UpdateInput input;

    /// <summary>Makes the plan: rows in random order, another each epoch, cut into mini-batches.</summary>
    /// <param name="input">The update.</param>
    /// <param name="rollouts">All rows of its rollouts.</param>
    /// <param name="score">As of <see cref="UpdateBatch.Create"/>.</param>
    public UpdatePlan(UpdateInput input, IReadOnlyList<RolloutRow> rollouts,
        Func<IReadOnlyList<RolloutRow>, IReadOnlyList<float[]>>? score = null)
    {
        (this.input, Batch) = (input, UpdateBatch.Create(rollouts, input.Settings, score));
        Tokens = Batch.Rows.Sum(row => row.Length) * (double)input.Settings.Epochs;
        Steps = [.. Enumerable.Range(0, input.Settings.Epochs).SelectMany(epoch =>
        {
            var order = Enumerable.Range(0, Batch.Count).ToArray();
            new SeededRandom(Seeds.Derive(input.Seed, input.Stage + "/mini-batches", input.Iteration, epoch)).Shuffle(order.AsSpan());
            return Split(order, input.Settings.MiniBatches);
        })];
    }

    /// <summary>The rows learned from.</summary>
    public UpdateBatch Batch { get; }

    /// <summary>Tokens of the rows learned from, once an epoch.</summary>
    public double Tokens { get; }

    /// <summary>The rows of each optimizer step's mini-batch.</summary>
    public IReadOnlyList<int[]> Steps { get; }

    /// <summary>
    /// What the trainer gave to the rows before the first step; null where the recorded log-probabilities count, and until it is computed.
    /// </summary>
    public OldPolicy? Old { get; set; }

    /// <summary>Reads the rollouts and makes the plan.</summary>
    /// <param name="input">The update.</param>
    /// <param name="models">Where the reference is, when advantages need it.</param>
    /// <param name="context">The attempt.</param>
    /// <exception cref="BadInputException">A rollout is missing or its groups are not whole.</exception>
    public static async Task<UpdatePlan> ReadAsync(UpdateInput input, ResidentModels models, JobContext context)
    {
        var rollouts = await RolloutsAsync(input, context);
        if (!input.Settings.Loss.TakesKlOffReward()) return new UpdatePlan(input, rollouts);
        var reference = await models.ReferenceAsync(
            input.Reference ?? throw new BadInputException($"Job '{context.Spec.JobId}': loss.klInReward needs a reference."), context,
            input.Settings.Optimizer.Precision);
        using var _ = context.Time.Measure(TimePart.Update);
        return new UpdatePlan(input, rollouts, rows => ReferenceScores.Of(reference.Model, rows, input.Settings));
    }

    private static async Task<List<RolloutRow>> RolloutsAsync(UpdateInput input, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        var files = input.Rollouts.Select((path, index) =>
            (Path: path, File: SafePath.Join(context.ScratchFolder, $"rollout-{index}.safetensors"))).ToList();
        await Task.WhenAll(files.Select(async file =>
        {
            if (!await context.Blobs.TryDownloadAsync(file.Path, file.File, context.Preemption))
            {
                throw new BadInputException($"Job '{context.Spec.JobId}': there is no rollout '{file.Path}'.");
            }
        }));
        return [.. files.SelectMany(file => RolloutFile.Read(file.File.FullName))];
    }

    /// <summary>Whether it is the plan of an update.</summary>
    public bool Is(UpdateInput other) =>
        (input.Seed, input.Stage, input.Iteration, input.Settings.UpdateShards, input.Settings.UpdateReplicas)
            == (other.Seed, other.Stage, other.Iteration, other.Settings.UpdateShards, other.Settings.UpdateReplicas)
        && input.Rollouts.SequenceEqual(other.Rollouts);

    /// <summary>A shard's rows of a step: dealt out by length, so that shards have about equal work.</summary>
    public int[] Shard(int step, int shard) => Dealt(Steps[step], input.Settings.UpdateShards, shard);

    /// <summary>The parts of a job's rows, each a replica's, whose gradients are added up in this order; dealt out like shards.</summary>
    /// <param name="rows">The rows of a step, or of a shard of it.</param>
    public IReadOnlyList<int[]> Parts(int[] rows) => input.Settings.UpdateReplicas is 1 ? [rows]
        : [.. Enumerable.Range(0, input.Settings.UpdateReplicas).Select(part => Dealt(rows, input.Settings.UpdateReplicas, part))];

    /// <summary>Cuts rows into passes. Rows of about equal length share one, so little is computed on padding.</summary>
    public IEnumerable<int[]> MicroBatches(int[] rows)
    {
        if (rows.Length == 0) return [];
        var settings = input.Settings;
        return settings.MicroBatchTokens > 0
            ? TokenBatch.Plan([.. rows.Select(row => Batch.Sequence(row).Ids.Length)], settings.MicroBatchTokens)
                .Select(part => part.Select(i => rows[i]).ToArray())
            : ByLength(rows).Chunk(settings.MicroBatchSize > 0 ? settings.MicroBatchSize : rows.Length);
    }

    /// <summary>Cuts an order into parts that differ by one row at most.</summary>
    internal static IEnumerable<int[]> Split(int[] order, int parts)
    {
        parts = Math.Min(parts, order.Length);
        for (var part = 0; part < parts; part++)
        {
            yield return order[(int)((long)order.Length * part / parts)..(int)((long)order.Length * (part + 1) / parts)];
        }
    }

    private int[] Dealt(int[] rows, int hands, int hand) => [.. ByLength(rows).Where((_, index) => index % hands == hand)];

    private IEnumerable<int> ByLength(int[] rows) => rows.OrderByDescending(row => Batch.Rows[row].Length).ThenBy(row => row);
}
