namespace R1Cloud.Shared.Jobs;

/// <summary>
/// The last completions that a running rollout has finished: overwritten in place, of no consequence, gone with the next job. None of
/// them is committed yet.
/// </summary>
/// <param name="JobId">The job.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Worker">The worker.</param>
/// <param name="Rows">The completions, the newest last.</param>
[StoredForm(1)]
public sealed record LiveSamples(string JobId, string Attempt, string Worker, IReadOnlyList<LiveSample> Rows);

/// <summary>A completion that is finished and not committed.</summary>
/// <param name="FinishedAt">When it was finished.</param>
/// <param name="Iteration">The iteration, from 1 as metrics count them.</param>
/// <param name="Question">The question within the iteration.</param>
/// <param name="Sample">The sample of the question.</param>
/// <param name="Prompt">What was asked; cut where it is long.</param>
/// <param name="Completion">What the model wrote; cut where it is long.</param>
/// <param name="Truncated">Whether it was cut off at the length limit.</param>
/// <param name="Tokens">Tokens, the end mark included.</param>
/// <param name="Answer">The right answer.</param>
public sealed record LiveSample(DateTimeOffset FinishedAt, int Iteration, int Question, int Sample, string Prompt, string Completion,
    bool Truncated, int Tokens, string? Answer = null);
