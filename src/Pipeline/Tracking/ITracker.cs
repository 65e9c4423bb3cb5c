using R1Cloud.Pipeline.Options;
using R1Cloud.Shared.Metrics;

namespace R1Cloud.Pipeline.Tracking;

/// <summary>A kind of tracker that runs' figures are given to.</summary>
public interface ITracker
{
    /// <summary>Which it is.</summary>
    TrackerKind Kind { get; }

    /// <summary>
    /// Gives a stage's figures. A tracker may be asked for the same ones again, after it was away or this process died: it then has them
    /// once all the same.
    /// </summary>
    /// <param name="service">The entry of the host's configuration.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="rows">Figures that it does not have yet, by step; each with the time that it was stamped with once.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="TrackerException">It is away, or refuses.</exception>
    Task SendAsync(TrackingService service, TrackedStage stage, IReadOnlyList<MetricsRow> rows, CancellationToken cancellation);
}

/// <summary>A stage of a run as trackers know it: a run of theirs, so that figures and steps keep their names and numbers.</summary>
/// <param name="Key">What tells it from all others, for ever.</param>
/// <param name="RunId">The run.</param>
/// <param name="Label">The stage's label.</param>
/// <param name="Project">The experiment or project.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="Settings">Its settings, by field.</param>
/// <param name="IsResumed">Whether some of the figures may have been sent before.</param>
/// <param name="EndedAt">When it ended; null while it has not.</param>
public sealed record TrackedStage(string Key, string RunId, string Label, string Project, TrackedStatus Status, DateTimeOffset StartedAt,
    IReadOnlyDictionary<string, string> Settings, bool IsResumed, DateTimeOffset? EndedAt = null)
{
    /// <summary>What people call it.</summary>
    public string Name => $"{RunId}/{Label}";
}

/// <summary>Where a stage stands, as trackers tell it.</summary>
public enum TrackedStatus
{
    /// <summary>It goes on.</summary>
    Running,
    /// <summary>It has its result.</summary>
    Finished,
    /// <summary>It failed.</summary>
    Failed,
    /// <summary>It was cancelled.</summary>
    Killed,
}

/// <summary>A tracker is away, or refuses.</summary>
/// <param name="message">Why; without addresses and tokens.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class TrackerException(string message, Exception? inner = null) : Exception(message, inner);
