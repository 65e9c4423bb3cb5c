using System.Text.Json;
using R1Cloud.Rewards.Scoring;

namespace R1Cloud.Rewards.Verification;

/// <summary>A completion for a verifier in a process of its own: one JSON line.</summary>
/// <param name="Reward">The reward function's name.</param>
/// <param name="Completion">What to score.</param>
/// <param name="Options">Its options as the recipe has them; null for the defaults.</param>
internal sealed record VerificationRequest(string Reward, Completion Completion, JsonElement? Options = null);

/// <summary>A verifier's answer: one JSON line.</summary>
internal sealed record VerificationReply
{
    /// <summary>The verdict; null when an exception says why there is none.</summary>
    public Reward? Verdict { get; init; }

    /// <summary>Input that no other completion would mend: the job ends with it.</summary>
    public string? BadInput { get; init; }

    /// <summary>Something that this machine lacks: the job ends, and may go on elsewhere.</summary>
    public string? Unavailable { get; init; }
}
