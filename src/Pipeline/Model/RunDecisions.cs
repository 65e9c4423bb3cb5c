namespace R1Cloud.Pipeline.Model;

/// <summary>What a run decided when it began, by its stages' names: for those who look at it.</summary>
internal sealed record RunDecisions(IReadOnlyDictionary<string, RunDecision> Stages);

/// <summary>What was decided of a stage.</summary>
/// <param name="ReusedFrom">The run whose result it takes over.</param>
/// <param name="Reason">Why it runs.</param>
internal sealed record RunDecision(StageOrigin? ReusedFrom = null, string? Reason = null);

/// <summary>A finished stage of a run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Key">The key that it had when the run began.</param>
/// <param name="Inputs">Labels of the stages that it was made from, by name.</param>
internal sealed record FinishedStage(string Name, string Key, IReadOnlyDictionary<string, string> Inputs);
