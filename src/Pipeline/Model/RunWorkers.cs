using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Model;

/// <summary>A run's workers with what they do and use.</summary>
/// <param name="Workers">The workers.</param>
/// <param name="Restarts">How often any of them was started again.</param>
/// <param name="LastError">The last thing that went wrong with one of them.</param>
/// <param name="QueuedJobs">About how many jobs are in its queue, those at hand included; null where it has no queue.</param>
public sealed record RunWorkers(IReadOnlyList<RunWorker> Workers, int Restarts, string? LastError = null, int? QueuedJobs = null);

/// <summary>A worker with what it does and uses.</summary>
/// <param name="Name">Its name within the run.</param>
/// <param name="Location">Where it is.</param>
/// <param name="State">What it does.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="HasLog">Whether its output can be read.</param>
/// <param name="StartedAt">When it was last started.</param>
/// <param name="Job">The job at hand; null where it has none, or has not said a word of it.</param>
/// <param name="Resources">What it uses of its machine; null before it has said so.</param>
/// <param name="History">The same of the last minutes.</param>
public sealed record RunWorker(string Name, string Location, string State, int Restarts, bool HasLog, DateTimeOffset? StartedAt = null,
    string? Job = null, WorkerResources? Resources = null, ResourceHistory? History = null);

/// <summary>Completions that running rollouts have finished and not committed.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Rows">The completions, the newest first.</param>
public sealed record LiveRows(string RunId, IReadOnlyList<LiveRow> Rows);

/// <summary>A completion that is finished and not committed.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Worker">Who does it.</param>
/// <param name="FinishedAt">When it was finished.</param>
/// <param name="Iteration">The iteration, from 1.</param>
/// <param name="Question">The question within the iteration.</param>
/// <param name="Sample">The sample of the question.</param>
/// <param name="Prompt">What was asked; cut where it is long.</param>
/// <param name="Completion">What the model wrote; cut where it is long.</param>
/// <param name="Truncated">Whether it was cut off at the length limit.</param>
/// <param name="Tokens">Tokens, the end mark included.</param>
/// <param name="Answer">The right answer.</param>
public sealed record LiveRow(string JobId, string Worker, DateTimeOffset FinishedAt, int Iteration, int Question, int Sample,
    string Prompt, string Completion, bool Truncated, int Tokens, string? Answer = null);
