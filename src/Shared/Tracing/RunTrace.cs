using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace R1Cloud.Shared.Tracing;

/// <summary>
/// A run as one trace: run ← stage ← job ← attempt ← what the attempt does. Ids are derived from names, so no process needs to be told
/// of another's spans: what waits days in a queue needs no context beside it, a span that a redelivery or a replay writes again is the
/// same one, and whoever notices that a worker died writes the span that the dead one could not. Nothing happens unless somebody listens.
/// </summary>
public static class RunTrace
{
    /// <summary>The name of the source, and of the meter.</summary>
    public const string Name = "R1Cloud";

    /// <summary>Where spans come from.</summary>
    public static ActivitySource Source { get; } = new(Name);

    // Ids are of use to listeners alone: without one not even the names are put together.
    private static bool IsHeard => Source.HasListeners();

    /// <summary>The span of a run: its creation; all else of the run is below it.</summary>
    public static ActivityContext Run(string runId) => IsHeard ? Context(runId, "run") : default;

    /// <summary>The span of a run's generation, from its start to its end.</summary>
    public static ActivityContext Generation(string runId, int generation) =>
        IsHeard ? Context(runId, FormattableString.Invariant($"run {generation}")) : default;

    /// <summary>The span of a stage.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="label">The stage's label.</param>
    public static ActivityContext Stage(string runId, string label) => IsHeard ? Context(runId, $"stage {label}") : default;

    /// <summary>The span of the stage that a job belongs to: its id is <c>{stage}/{iteration}/{kind}/{shard}</c>.</summary>
    public static ActivityContext StageOf(string runId, string jobId) =>
        IsHeard && jobId.Split('/') is { Length: > 3 } parts ? Stage(runId, string.Join('/', parts[..^3])) : Run(runId);

    /// <summary>The span of a job, from its order to its result.</summary>
    public static ActivityContext Job(string runId, string jobId) => IsHeard ? Context(runId, $"job {jobId}") : default;

    /// <summary>The span of an attempt.</summary>
    public static ActivityContext Attempt(string runId, string jobId, string attempt) =>
        IsHeard ? Context(runId, $"attempt {jobId} {attempt}") : default;

    /// <summary>Begins a span of a known id; it ends when it is disposed.</summary>
    /// <param name="name">What happens.</param>
    /// <param name="kind">Its part in the conversation of processes.</param>
    /// <param name="id">Its id.</param>
    /// <param name="parent">The span above it; null for the run's own, which takes the place of whatever is at work.</param>
    /// <param name="start">When it began; null for now.</param>
    /// <returns>Null when nobody listens.</returns>
    public static Activity? Start(string name, ActivityKind kind, ActivityContext id, ActivityContext? parent, DateTimeOffset? start = null)
    {
        if (!IsHeard) return null;
        var above = parent ?? new ActivityContext(id.TraceId, default, ActivityTraceFlags.Recorded, isRemote: true);
        if (parent is null) Activity.Current = null; // a span without a parent would be put below whatever is at work
        if (Source.StartActivity(name, kind, above, startTime: start ?? default) is not { } span) return null;
        SpanIdOf(span) = id.SpanId.ToHexString();
        IdOf(span) = null; // made of the span's when it is next asked for
        return span;
    }

    /// <summary>Writes a span that is over.</summary>
    /// <param name="name">What happened.</param>
    /// <param name="kind">Its part in the conversation of processes.</param>
    /// <param name="id">Its id.</param>
    /// <param name="parent">The span above it; null for the run's own.</param>
    /// <param name="start">When it began.</param>
    /// <param name="end">When it ended.</param>
    /// <param name="error">Why it failed; null when it did not.</param>
    /// <param name="tags">What else is known.</param>
    public static void Record(string name, ActivityKind kind, ActivityContext id, ActivityContext? parent, DateTimeOffset start,
        DateTimeOffset end, string? error = null, params ReadOnlySpan<(string Key, object? Value)> tags)
    {
        using var span = Start(name, kind, id, parent, start);
        if (span is null) return;
        foreach (var (key, value) in tags) span.SetTag(key, value);
        if (error is not null) span.SetStatus(ActivityStatusCode.Error, error);
        span.SetEndTime((end < start ? start : end).UtcDateTime);
    }

    private static ActivityContext Context(string runId, string name) =>
        new(ActivityTraceId.CreateFromBytes(Hash($"r1-cloud run {runId}").AsSpan(..16)),
            ActivitySpanId.CreateFromBytes(Hash($"{runId} {name}").AsSpan(..8)), ActivityTraceFlags.Recorded, isRemote: true);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    // An activity draws its span id at random and has no other way; Durable Task, which derives ids too, reaches for the same fields.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? SpanIdOf(Activity span);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_id")]
    private static extern ref string? IdOf(Activity span);
}
