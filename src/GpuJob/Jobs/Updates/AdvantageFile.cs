using System.Text.Json;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// The advantages of the rows that an update learned from, as JSON lines beside its rollouts, with which they are deleted.
/// </summary>
internal static class AdvantageFile
{
    /// <summary>Writes it.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="rollout">One of the rollouts.</param>
    /// <param name="context">The attempt.</param>
    /// <returns>The blob's path.</returns>
    public static async Task<string> WriteAsync(UpdateBatch batch, string rollout, JobContext context)
    {
        using var _ = context.Time.Measure(TimePart.Storage);
        using var lines = new MemoryStream();
        for (var row = 0; row < batch.Count; row++)
        {
            var advantage = new SampleAdvantage(batch.Rows[row].Question, batch.Samples[row], batch.Advantages[row]);
            await JsonSerializer.SerializeAsync(lines, advantage, R1Json.Options, context.Preemption);
            lines.WriteByte((byte)'\n');
        }
        var path = $"{rollout[..(rollout.LastIndexOf('/') + 1)]}{SampleAdvantage.Output}.{context.Attempt}.jsonl";
        await context.Blobs.WriteAsync(path, new BinaryData(lines.ToArray()), context.Preemption);
        return path;
    }
}
