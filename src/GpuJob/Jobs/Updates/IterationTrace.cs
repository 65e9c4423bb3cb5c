using System.Text.Json;
using Microsoft.Extensions.Logging;
using R1Cloud.GpuJob.Attempts;
using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Storage;
using R1Cloud.Traces;

namespace R1Cloud.GpuJob.Jobs.Updates;

/// <summary>
/// Writes down what an iteration sampled and what became of each sample. Its name is no attempt's own: whoever writes it writes the same.
/// </summary>
internal static partial class IterationTrace
{
    /// <summary>Writes it, where the stage wants one of this iteration.</summary>
    /// <param name="payload">The update.</param>
    /// <param name="batch">What it learned from.</param>
    /// <param name="context">The attempt.</param>
    /// <returns>The blob's path; null for none.</returns>
    public static async Task<string?> WriteAsync(UpdateJob payload, UpdateBatch batch, JobContext context)
    {
        var step = payload.Iteration + 1;
        if (payload.Settings.TraceEvery == 0 || step % payload.Settings.TraceEvery != 0) return null;
        using var _ = context.Time.Measure(TimePart.Storage);
        var advantages = Enumerable.Range(0, batch.Count)
            .ToDictionary(row => (batch.Rows[row].Question, batch.Samples[row]), row => (double)batch.Advantages[row]);
        var label = context.Spec.JobId.Split($"/{payload.Iteration:D6}/")[0];
        var rows = new List<TraceRow>();
        foreach (var tokens in payload.Rollouts)
        {
            var samples = Path.ChangeExtension(tokens, ".jsonl"); // a rollout's two files have one name
            if (await context.Blobs.TryReadAsync(samples, context.Preemption) is not { } data)
            {
                LogNone(context.Log, context.Spec.JobId, samples);
                return null;
            }
            if (IsOfBefore(data))
            {
                LogOfBefore(context.Log, context.Spec.JobId, samples);
                return null;
            }
            rows.AddRange(JsonLines.Read<SampleRow>(data, samples)
                .Select(sample => Row(sample, label, payload.Settings, advantages, context)));
        }
        var file = Path.Combine(context.ScratchFolder, "trace.parquet");
        await TraceFile.WriteAsync(rows, file, context.Preemption);
        var path = BlobLayout.Trace(context.Spec.RunId, label, step);
        await context.Blobs.UploadAsync(path, file, context.Preemption);
        return path;
    }

    // Rows written before samples had numbers do not say which advantage is whose.
    private static bool IsOfBefore(BinaryData data)
    {
        var end = data.ToMemory().Span.IndexOf((byte)'\n');
        if (end <= 0) return false;
        using var first = JsonDocument.Parse(data.ToMemory()[..end]);
        return first.RootElement.ValueKind == JsonValueKind.Object && !first.RootElement.TryGetProperty("sample", out _);
    }

    private static TraceRow Row(SampleRow sample, string label, RlStage settings,
        Dictionary<(int Question, int Sample), double> advantages, JobContext context) => new()
    {
        Run = context.Spec.RunId, Stage = label, Iteration = sample.Iteration ?? 0, Question = sample.Number, Sample = sample.Sample,
        Source = sample.Source, Problem = sample.Problem, Prompt = sample.Question, Answer = sample.Answer,
        Completion = sample.Completion, Tokens = sample.Tokens, Truncated = sample.Truncated, Correct = sample.Correct,
        Formatted = sample.Formatted, Reward = sample.Reward, Dropped = sample.Dropped, Policy = sample.Policy, Engine = sample.Engine,
        Advantage = advantages.TryGetValue((sample.Number, sample.Sample), out var advantage) ? advantage : null,
        Rewards = [.. sample.Scores.OrderBy(score => score.Key, StringComparer.Ordinal).Select(score => new TraceReward
        {
            Name = score.Key, Score = score.Value, Weight = settings.WeightOf(sample.Source ?? "", score.Key) ?? 0,
            Reason = sample.Reasons.GetValueOrDefault(score.Key, ""),
        })],
    };

    [LoggerMessage(2071, LogLevel.Warning, "{Job}: there are no samples '{Path}', so this iteration leaves no trace")]
    private static partial void LogNone(ILogger log, string job, string path);

    [LoggerMessage(2072, LogLevel.Warning, "{Job}: the samples '{Path}' are of an earlier version, so this iteration leaves no trace")]
    private static partial void LogOfBefore(ILogger log, string job, string path);
}
