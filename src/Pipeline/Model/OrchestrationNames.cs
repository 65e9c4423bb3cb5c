using R1Cloud.Shared.Jobs;

namespace R1Cloud.Pipeline.Model;

/// <summary>Names that reach histories and storage.</summary>
internal static class OrchestrationNames
{
    /// <summary>The orchestrator of a run.</summary>
    public const string Run = "run";

    /// <summary>The label of a run's look at its inputs, which comes before its stages.</summary>
    public const string InputCheck = JobKinds.Check;
}
