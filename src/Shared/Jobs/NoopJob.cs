using System.Text.Json.Serialization;

namespace R1Cloud.Shared.Jobs;

/// <summary>Does nothing, or fails in a way that a test asks for.</summary>
public sealed record NoopJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Noop;
    /// <summary>How long it takes, in milliseconds.</summary>
    public int Milliseconds { get; init; }
    /// <summary>What goes wrong: null, <c>retryable</c>, <c>bad-input</c> or <c>crash</c>.</summary>
    public string? Fault { get; init; }
    /// <summary>On how many of the first attempts it goes wrong.</summary>
    public int FaultyAttempts { get; init; }
}
