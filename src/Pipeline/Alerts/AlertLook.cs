using R1Cloud.Pipeline.Model;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Alerts;

/// <summary>What alerts are made of.</summary>
/// <param name="Run">The run.</param>
/// <param name="Generation">How often it was retried.</param>
/// <param name="Rows">The figures of its stages.</param>
/// <param name="Failed">Its failed jobs, where it has failed.</param>
/// <param name="ProgressedAt">When anything of it was last finished, a step of a job included.</param>
/// <param name="Now">The time.</param>
internal sealed record AlertLook(RunView Run, int Generation, IReadOnlyList<MetricsRow> Rows, IReadOnlyList<JobEntry> Failed,
    DateTimeOffset ProgressedAt, DateTimeOffset Now);
