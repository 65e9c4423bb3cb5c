using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.Shared.Jobs;

/// <summary>
/// Looks at a run's inputs before any other job of it: models, tokenizers, and every row in the form in which its stage puts it.
/// </summary>
public sealed record CheckJob : JobPayload
{
    /// <inheritdoc/>
    [JsonIgnore]
    public override string Kind => JobKinds.Check;
    /// <summary>The recipe, as it is carried out.</summary>
    public required Recipe Recipe { get; init; }
}
