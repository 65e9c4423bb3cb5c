using System.Globalization;

namespace R1Cloud.Shared.Storage;

/// <summary>Where everything of a run lives, as paths inside the blob container.</summary>
public static class BlobLayout
{
    /// <summary>The blob container that holds all runs.</summary>
    public const string Container = "r1-cloud";

    /// <summary>The queue on which finished jobs are announced.</summary>
    public const string CompletionsQueue = "r1-completions";

    /// <summary>The queue of a run's jobs.</summary>
    public static string JobQueue(string runId) => $"r1-jobs-{runId}";

    /// <summary>A data set's file that came from the Hub: a commit's file never changes.</summary>
    /// <param name="file">The file, with its commit.</param>
    public static string FromHub(HubName file) => $"data/hub/{file.Repository}/{file.Revision}/{file.File}";

    /// <summary>Everything of a run begins so.</summary>
    public static string Run(string runId) => $"runs/{runId}/";

    /// <summary>The run's resolved recipe and id: written once.</summary>
    public static string RunSpec(string runId) => $"runs/{runId}/spec.json";

    /// <summary>How far a run is, for listings; overwritten at each stage and iteration.</summary>
    public static string RunDigest(string runId) => $"runs/{runId}/digest.json";

    /// <summary>Which alerts of a run were sent to whom.</summary>
    public static string Alerts(string runId) => $"runs/{runId}/alerts.json";

    /// <summary>What of a run a tracker has.</summary>
    public static string Tracked(string runId, string tracker) => $"runs/{runId}/tracking/{tracker}.json";

    /// <summary>Small entries that list all runs without listing their blobs begin so.</summary>
    public const string RunIndex = "index/runs/";

    /// <summary>A run's entry in the index.</summary>
    public static string RunIndexEntry(string runId) => $"{RunIndex}{runId}.json";

    /// <summary>
    /// Entries of all runs, the newest first, begin so. All that a listing needs stands in their names, so that none is read and a page is
    /// a page of blobs, however many runs there have been.
    /// </summary>
    public const string NewestRuns = "index/newest/";

    /// <summary>A run's entry among <see cref="NewestRuns"/>.</summary>
    public static string NewestRun(DateTimeOffset createdAt, string runId, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{NewestRuns}{DateTime.MaxValue.Ticks - createdAt.UtcTicks:D19}.{runId}.{name}");

    /// <summary>Says that runs from before there was <see cref="NewestRuns"/> have their entries.</summary>
    public const string NewestRunsComplete = "index/newest.json";

    /// <summary>Marks of runs that may have workers, or leave something to be put in order, begin so.</summary>
    public const string ActiveRuns = "index/active/";

    /// <summary>A run's mark among <see cref="ActiveRuns"/>.</summary>
    public static string ActiveRun(string runId) => ActiveRuns + runId;

    /// <summary>Says that runs from before there were claims have theirs.</summary>
    public const string ClaimsComplete = "index/claims.json";

    /// <summary>What an idempotency key stands for; the key's hash in lower-case hex.</summary>
    public static string IdempotencyKey(string keyHash) => $"index/keys/{keyHash}.json";

    /// <summary>The finished stage of a key: which run made it, and what.</summary>
    public static string StageEntry(string key) => $"index/stages/{key}.json";

    /// <summary>The measurement of a key.</summary>
    public static string EvaluationEntry(string key) => $"index/evaluations/{key}.json";

    /// <summary>What the last finished stage of that name, in a recipe of that name, was made from.</summary>
    public static string LastStage(string recipe, string stage) => $"index/last/{recipe}/{stage}.json";

    /// <summary>A run's generations (one for each retry) begin so.</summary>
    public static string Generations(string runId) => $"runs/{runId}/generations/";

    /// <summary>One generation of a run, from 1.</summary>
    public static string Generation(string runId, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Generations(runId)}{number:D6}.json");

    /// <summary>The number of a generation by its blob's path; 0 for another path.</summary>
    public static int GenerationOf(string path) =>
        int.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>
    /// Says that a run's generation has come to its end and left no jobs; written before its queue goes. The first generation is 0.
    /// </summary>
    public static string RunEnded(string runId, int generation) =>
        string.Create(CultureInfo.InvariantCulture, $"runs/{runId}/ended/{generation:D6}.json");

    /// <summary>What a generation of a run took over of other runs when it began, and why the rest runs; 0 is the run itself.</summary>
    public static string Decisions(string runId, int generation) =>
        string.Create(CultureInfo.InvariantCulture, $"runs/{runId}/decisions/{generation:D6}.json");

    /// <summary>The books of a run's budget.</summary>
    public static string Budget(string runId) => $"runs/{runId}/budget.json";

    /// <summary>The books of the time that workers were there, of a pool that keeps none itself.</summary>
    public static string WorkerMeter(string runId) => $"runs/{runId}/workers/meter.json";

    /// <summary>Where a fork begins and what it takes over; written once, before the run itself.</summary>
    public static string Fork(string runId) => $"runs/{runId}/fork.json";

    /// <summary>What other runs need of a run begins so.</summary>
    public static string Claims(string owner) => $"runs/{owner}/claims/";

    /// <summary>What a run needs of another one, which keeps it.</summary>
    /// <param name="owner">The other one.</param>
    /// <param name="runId">The run.</param>
    public static string Claim(string owner, string runId) => $"{Claims(owner)}{runId}.json";

    /// <summary>Lists of what is being removed of a run begin so; who claims any of it comes too late.</summary>
    public static string Doomed(string owner) => $"runs/{owner}/doomed/";

    /// <summary>Says that all of a run is removed but for what others need.</summary>
    public static string RemovedRun(string owner) => Doomed(owner) + "all.json";

    /// <summary>The checkpoints of a stage that are being removed.</summary>
    public static string DoomedCheckpoints(string owner, string stage) => $"{Doomed(owner)}checkpoints/{stage}.json";

    /// <summary>The records of a run's stages begin so.</summary>
    public static string StageRecords(string runId) => $"runs/{runId}/stages/";

    /// <summary>How far a stage is, so that a retry need not start it over.</summary>
    public static string StageRecord(string runId, string stage) => $"runs/{runId}/stages/{stage}.json";

    /// <summary>The books of a run's workers: attempts and node time.</summary>
    public static string WorkerLedger(string runId) => $"runs/{runId}/workers/ledger.json";

    /// <summary>The folder into which a worker's output goes when it ends.</summary>
    public static string WorkerLogs(string runId, string worker) => $"runs/{runId}/workers/{worker}/";

    /// <summary>What a worker last said that it uses of its machine; overwritten in place.</summary>
    public static string WorkerResources(string runId, string worker) => $"runs/{runId}/resources/{worker}.json";

    /// <summary>What workers have just written and not committed begins so.</summary>
    public static string LiveSamples(string runId) => $"runs/{runId}/live/";

    /// <summary>The last completions that a worker has finished and not committed; overwritten in place.</summary>
    public static string LiveSamples(string runId, string worker) => $"{LiveSamples(runId)}{worker}.json";

    /// <summary>Everything of a job begins so.</summary>
    public static string Job(string runId, string jobId) => $"runs/{runId}/jobs/{jobId}/";

    /// <summary>A job's order.</summary>
    public static string JobSpec(string runId, string jobId) => Job(runId, jobId) + "spec.json";

    /// <summary>A job's commit point.</summary>
    public static string JobResult(string runId, string jobId) => Job(runId, jobId) + "result.json";

    /// <summary>The queue message that was put when an earlier one of the job had been lost.</summary>
    public static string JobMessage(string runId, string jobId) => Job(runId, jobId) + "message.json";

    /// <summary>A running job's last word.</summary>
    public static string JobProgress(string runId, string jobId) => Job(runId, jobId) + "progress.json";

    /// <summary>One attempt's own prefix.</summary>
    public static string Attempt(string runId, string jobId, string attempt) => $"{Job(runId, jobId)}attempts/{attempt}/";

    /// <summary>An attempt that has begun. Without a word of its end beside it, its worker was lost.</summary>
    public const string StartedFile = "started.json";

    /// <summary>How an attempt ended that failed: each such blob counts against its job.</summary>
    public static string FailedAttempt(string runId, string jobId, string attempt) => Attempt(runId, jobId, attempt) + FailedFile;

    /// <summary>The name of <see cref="FailedAttempt"/> in the attempt's folder.</summary>
    public const string FailedFile = "failed.json";

    /// <summary>An attempt that gave way to a stop signal.</summary>
    public const string PreemptedFile = "preempted.json";

    /// <summary>An attempt that lost its message while storage was away.</summary>
    public const string AbandonedFile = "abandoned.json";

    /// <summary>A worker that could not read the job.</summary>
    public const string RefusedFile = "refused.json";

    /// <summary>What attempts leave in their folders about themselves: it counts against the job, or for it.</summary>
    public static IReadOnlyList<string> AttemptWords { get; } = [StartedFile, FailedFile, PreemptedFile, AbandonedFile, RefusedFile];

    /// <summary>A checkpoint's folder.</summary>
    public static string Checkpoint(string runId, string stage, int step) =>
        CheckpointIn(Checkpoints(runId, stage), step);

    /// <summary>The step of a checkpoint by its folder; null for another folder.</summary>
    public static int? StepOf(string checkpoint) =>
        checkpoint.TrimEnd('/').Split('/')[^1].Split('-') is ["step", var digits]
        && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;

    /// <summary>The folder of a step's checkpoint among others.</summary>
    /// <param name="checkpoints">What they begin with, a slash at its end.</param>
    /// <param name="step">The step.</param>
    public static string CheckpointIn(string checkpoints, int step) =>
        string.Create(CultureInfo.InvariantCulture, $"{checkpoints}step-{step:D6}/");

    /// <summary>The training state of a checkpoint where it is stored apart from it, a checkpoint of its own.</summary>
    /// <param name="checkpoint">The checkpoint's folder.</param>
    public static string TrainingState(string checkpoint) => checkpoint + "state/";

    /// <summary>A stage's checkpoints begin so.</summary>
    public static string Checkpoints(string runId, string stage) => $"runs/{runId}/checkpoints/{stage}/";

    /// <summary>The traces of a stage begin so.</summary>
    public static string Traces(string runId, string stage) => $"runs/{runId}/traces/{stage}/step-";

    /// <summary>What was sampled for a step and what became of it.</summary>
    public static string Trace(string runId, string stage, int step) =>
        string.Create(CultureInfo.InvariantCulture, $"{Traces(runId, stage)}{step:D6}.parquet");

    /// <summary>The difficulty pools of a stage begin so.</summary>
    public static string Pools(string runId, string stage) => $"runs/{runId}/pools/{stage}/";

    /// <summary>Path prefix of the pass rates that are known after a step; the attempt adds its own name and the extension.</summary>
    public static string Pool(string runId, string stage, int step) =>
        string.Create(CultureInfo.InvariantCulture, $"{Pools(runId, stage)}step-{step:D6}");

    /// <summary>
    /// Path prefix of a shard's rollout files. Not below the run: storage deletes what is under <c>rollouts/</c> once it is old, and
    /// knows prefixes only.
    /// </summary>
    public static string Rollout(string runId, string stage, int iteration, int shard) =>
        string.Create(CultureInfo.InvariantCulture, $"rollouts/{runId}/{stage}/{iteration:D6}/{shard}");

    /// <summary>A run's rollouts begin so.</summary>
    public static string Rollouts(string runId) => $"rollouts/{runId}/";

    /// <summary>A stage's rollouts begin so.</summary>
    public static string Rollouts(string runId, string stage) => $"rollouts/{runId}/{stage}/";

    /// <summary>A file or folder that somebody pushed for runs to use, by its content.</summary>
    /// <param name="sha256">The content's hash in lower-case hex.</param>
    /// <param name="name">What the file or folder was called.</param>
    public static string Pushed(string sha256, string name) => $"data/{sha256}/{name}";

    /// <summary>The gradients of an iteration's update begin so: like rollouts, of no use for long.</summary>
    public static string Gradients(string runId, string stage, int iteration) =>
        string.Create(CultureInfo.InvariantCulture, $"rollouts/{runId}/{stage}/{iteration:D6}/gradients/");

    /// <summary>Path prefix of a shard's gradient of an optimizer step.</summary>
    public static string Gradient(string runId, string stage, int iteration, int step, int shard) =>
        string.Create(CultureInfo.InvariantCulture, $"{Gradients(runId, stage, iteration)}{step:D4}-{shard}");

    /// <summary>Path prefix of a shard's data file.</summary>
    public static string Data(string runId, string stage, int shard) =>
        string.Create(CultureInfo.InvariantCulture, $"runs/{runId}/data/{stage}/{shard}");

    /// <summary>A stage's metrics: an append blob, one JSON line a step.</summary>
    public static string Metrics(string runId, string stage) => $"runs/{runId}/metrics/{stage}.jsonl";

    /// <summary>A stage's TensorBoard events: an append blob.</summary>
    public static string TensorBoard(string runId, string stage) => $"runs/{runId}/metrics/{stage}/events.out.tfevents.{runId}";

    /// <summary>The run that a path belongs to; null where it is no run's.</summary>
    public static string? OwnerOf(string path) => path.Split('/', 3) is ["runs", { Length: > 0 } owner, _] ? owner : null;

    /// <summary>A file of the run's report.</summary>
    public static string Report(string runId, string file) => $"runs/{runId}/report/{file}";
}
