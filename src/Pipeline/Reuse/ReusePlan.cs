using R1Cloud.Pipeline.Model;

namespace R1Cloud.Pipeline.Reuse;

/// <summary>What a run of a recipe would take over from other runs, and why the rest runs: the answer of <c>POST /api/reuse</c>.</summary>
/// <param name="Stages">The stages in order.</param>
public sealed record ReusePlan(IReadOnlyList<StageReuse> Stages);

/// <summary>Whether a stage is taken over.</summary>
/// <param name="Name">The stage.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="ReusedFrom">Where its result is taken from; null when it runs.</param>
/// <param name="Measures">Whether its model is taken over but measured again.</param>
/// <param name="Reason">Why it runs: <c>new</c>, <c>changed: sampling.temperature</c>, <c>depends on dev1</c>, …</param>
public sealed record StageReuse(string Name, string Kind, StageOrigin? ReusedFrom = null, bool Measures = false, string? Reason = null);

/// <summary>What becomes of a stage when its run begins.</summary>
/// <param name="Record">What is there of it: its own from before, or one that is taken over; null when there is nothing.</param>
/// <param name="TakenOver">Whether the record is another run's, and new to this one.</param>
/// <param name="Reason">Why it runs; null when it does not.</param>
internal sealed record StageDecision(StageRecord? Record = null, bool TakenOver = false, string? Reason = null);
