using System.Text.Json;
using System.Text.Json.Serialization;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Shared.Recipes.Rewards;

/// <summary>A reward in a recipe: its weight, its own options, and what becomes of a completion that it could not judge.</summary>
[JsonConverter(typeof(RewardRecipeConverter))]
public sealed record RewardRecipe
{
    /// <summary>
    /// The largest weight, and the most that the sizes of a set's weights may add up to: what is beyond is no reward any more, and sums
    /// must stay finite.
    /// </summary>
    public const double MostWeight = 1000;

    /// <summary>What its score is multiplied by in the sum; 0 measures without rewarding.</summary>
    [Bounds(Min = -MostWeight, Max = MostWeight)]
    public double Weight { get; init; } = 1;

    /// <summary>The reward's own options; those left out have the defaults of their record (see <see cref="RewardCatalog"/>).</summary>
    public JsonElement? Options { get; init; }

    /// <summary>What becomes of a completion that the reward could not judge (timeout or error); both are counted in the metrics.</summary>
    public RewardErrorPolicy OnError { get; init; }

    /// <summary>The short form: a weight alone.</summary>
    public static implicit operator RewardRecipe(double weight) => new() { Weight = weight };

    /// <summary>The sizes of some rewards' weights, added up.</summary>
    public static double Total(IReadOnlyDictionary<string, RewardRecipe> rewards)
    {
        ArgumentNullException.ThrowIfNull(rewards);
        return rewards.Values.Sum(reward => Math.Abs(reward.Weight));
    }

    /// <summary>Equal settings, options compared as JSON.</summary>
    public bool Equals(RewardRecipe? other) =>
        other is not null && Weight == other.Weight && OnError == other.OnError
        && (Options, other.Options) switch
        {
            ({ } mine, { } theirs) => JsonElement.DeepEquals(mine, theirs),
            var (mine, theirs) => mine is null && theirs is null,
        };

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Weight, OnError, Options is null);
}

/// <summary>What becomes of a completion that a reward could not judge.</summary>
public enum RewardErrorPolicy
{
    /// <summary>It is left out of its group's baseline and of the loss.</summary>
    Drop,
    /// <summary>This reward counts 0 for it.</summary>
    ScoreZero,
}

/// <summary>A number for a weight alone, an object for everything else.</summary>
internal sealed class RewardRecipeConverter : JsonConverter<RewardRecipe>
{
    public override RewardRecipe Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number) return reader.GetDouble();
        var form = JsonSerializer.Deserialize<LongForm>(ref reader, options)
            ?? throw new JsonException("A reward is a number or an object, not null.");
        return new() { Weight = form.Weight, Options = form.Options, OnError = form.OnError };
    }

    public override void Write(Utf8JsonWriter writer, RewardRecipe value, JsonSerializerOptions options)
    {
        if (value is { Options: null, OnError: RewardErrorPolicy.Drop }) writer.WriteNumberValue(value.Weight);
        else JsonSerializer.Serialize(writer, new LongForm(value.Weight, value.Options, value.OnError), options);
    }

    private sealed record LongForm(double Weight = 1, JsonElement? Options = null, RewardErrorPolicy OnError = RewardErrorPolicy.Drop);
}
