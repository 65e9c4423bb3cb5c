using System.Text.RegularExpressions;

namespace R1Cloud.Shared.Storage;

/// <summary>The names of writes of blobs and of queues among <see cref="CrashPoints"/>, by what is written.</summary>
public static class BlobPoints
{
    /// <summary>What follows the name of a blob that is removed.</summary>
    public const string Removed = "-removed";

    /// <summary>A queue of jobs or of announcements is made.</summary>
    public const string QueueMade = "queue";

    /// <summary>A queue goes with its messages.</summary>
    public const string QueueDropped = "queue" + Removed;

    /// <summary>A job is put on its queue.</summary>
    public const string JobSent = "job-message";

    /// <summary>A taken job is hidden for longer, or given back.</summary>
    public const string JobRenewed = "job-message-renewed";

    /// <summary>A job that is done leaves its queue.</summary>
    public const string JobDone = "job-message" + Removed;

    /// <summary>A finished job is announced.</summary>
    public const string CompletionSent = "completion";

    /// <summary>An announcement that was heard leaves its queue.</summary>
    public const string CompletionDone = "completion" + Removed;

    // The first that matches.
    private static readonly (string Name, Regex Path)[] Kinds =
    [
        .. new (string Name, string Path)[]
        {
            ("run-index", "^index/runs/"), ("newest-run", "^index/newest/"), ("newest-runs-complete", @"^index/newest\.json$"),
            ("claims-complete", @"^index/claims\.json$"),
            ("active-run", "^index/active/"), ("idempotency-key", "^index/keys/"),
            ("stage-entry", "^index/stages/"), ("evaluation-entry", "^index/evaluations/"), ("last-stage", "^index/last/"),
            ("run-spec", @"^runs/[^/]+/spec\.json$"), ("run-digest", @"^runs/[^/]+/digest\.json$"),
            ("alerts", @"^runs/[^/]+/alerts\.json$"), ("tracked", "^runs/[^/]+/tracking/"),
            ("worker-resources", "^runs/[^/]+/resources/"), ("live-samples", "^runs/[^/]+/live/"),
            ("generation", "^runs/[^/]+/generations/"), ("run-ended", "^runs/[^/]+/ended/"),
            ("budget", @"^runs/[^/]+/budget\.json$"), ("worker-meter", @"^runs/[^/]+/workers/meter\.json$"),
            ("fork", @"^runs/[^/]+/fork\.json$"), ("claim", "^runs/[^/]+/claims/"), ("doomed", "^runs/[^/]+/doomed/"),
            ("decisions", "^runs/[^/]+/decisions/"), ("stage-record", "^runs/[^/]+/stages/"),
            ("worker-ledger", @"^runs/[^/]+/workers/ledger\.json$"),
            ("attempt-started", @"/attempts/[^/]+/started\.json$"), ("attempt-failed", @"/attempts/[^/]+/failed\.json$"),
            ("attempt-preempted", @"/attempts/[^/]+/preempted\.json$"), ("attempt-abandoned", @"/attempts/[^/]+/abandoned\.json$"),
            ("attempt-refused", @"/attempts/[^/]+/refused\.json$"), ("attempt-output", "^runs/[^/]+/jobs/.+/attempts/"),
            ("job-spec", @"^runs/[^/]+/jobs/.+/spec\.json$"), ("job-result", @"^runs/[^/]+/jobs/.+/result\.json$"),
            ("job-result-aside", @"^runs/[^/]+/jobs/.+/result\.[^/]+\.json$"), ("job-resent", @"^runs/[^/]+/jobs/.+/message\.json$"),
            ("job-progress", @"^runs/[^/]+/jobs/.+/progress\.json$"), ("job-saved", "^runs/[^/]+/jobs/"),
            ("state-manifest", @"^runs/[^/]+/checkpoints/.+/step-\d+/state/manifest\.json$"),
            ("state-file", @"^runs/[^/]+/checkpoints/.+/step-\d+/state/"),
            ("checkpoint-manifest", @"^runs/[^/]+/checkpoints/.+/manifest\.json$"), ("checkpoint-file", "^runs/[^/]+/checkpoints/"),
            ("trace", "^runs/[^/]+/traces/"), ("pool", "^runs/[^/]+/pools/"),
            ("data", "^runs/[^/]+/data/"), ("tensorboard", "^runs/[^/]+/metrics/.+/events.out"), ("metrics", "^runs/[^/]+/metrics/"),
            ("report", "^runs/[^/]+/report/"), ("gradient", "^rollouts/.+/gradients/"), ("rollout", "^rollouts/"), ("pushed", "^data/"),
        }.Select(kind => (kind.Name, new Regex(kind.Path, RegexOptions.CultureInvariant))),
    ];

    /// <summary>All names; of blobs that are removed the name of that is another one, with <see cref="Removed"/> at its end.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Kinds.Select(kind => kind.Name), QueueMade, QueueDropped, JobSent, JobRenewed, JobDone, CompletionSent, CompletionDone];

    /// <summary>A blob's name; one that no kind fits is named by its path, which is no point.</summary>
    public static string Of(string path) => Kinds.FirstOrDefault(kind => kind.Path.IsMatch(path)).Name ?? "unnamed " + path;
}
