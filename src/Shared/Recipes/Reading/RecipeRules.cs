using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace R1Cloud.Shared.Recipes.Reading;

/// <summary>What a field allows. One rule serves the check, its error text, the JSON Schema and the reference in the docs.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal abstract class RecipeRuleAttribute : Attribute
{
    /// <summary>Whether the rule is for the names in a map rather than for its values.</summary>
    public bool OnNames { get; init; }

    /// <summary>Whether a value (long, double or string) is allowed.</summary>
    public abstract bool Allows(object value);

    /// <summary>What is allowed, as the end of a sentence.</summary>
    public abstract string Allowed { get; }

    /// <summary>The names to choose from, for "did you mean"; empty when there is no list.</summary>
    public virtual IReadOnlyList<string> Names => [];

    /// <summary>Writes the rule into a field's JSON Schema.</summary>
    public abstract void Describe(JsonObject schema);
}

/// <summary>Limits of a number.</summary>
internal sealed class BoundsAttribute : RecipeRuleAttribute
{
    /// <summary>The smallest value allowed.</summary>
    public double Min { get; init; } = double.NaN;

    /// <summary>The largest value allowed.</summary>
    public double Max { get; init; } = double.NaN;

    /// <summary>Values must be above this.</summary>
    public double Above { get; init; } = double.NaN;

    /// <summary>Values must be below this.</summary>
    public double Below { get; init; } = double.NaN;

    private (double Limit, string Words, string Keyword)[] Limits =>
        [.. new[] { (Min, "at least", "minimum"), (Above, "above", "exclusiveMinimum"), (Max, "at most", "maximum"),
            (Below, "below", "exclusiveMaximum") }.Where(l => !double.IsNaN(l.Item1))];

    /// <inheritdoc/>
    public override bool Allows(object value)
    {
        var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
        return !(number < Min || number > Max || number <= Above || number >= Below);
    }

    /// <inheritdoc/>
    public override string Allowed =>
        string.Join(" and ", Limits.Select(l => string.Create(CultureInfo.InvariantCulture, $"{l.Words} {l.Limit}")));

    /// <inheritdoc/>
    public override void Describe(JsonObject schema)
    {
        foreach (var (limit, _, keyword) in Limits)
            schema[keyword] = limit == Math.Floor(limit) ? JsonValue.Create((long)limit) : JsonValue.Create(limit);
    }
}

/// <summary>A name that is safe in blob paths, queue names and job ids.</summary>
internal sealed class NameAttribute : RecipeRuleAttribute
{
    private const string Pattern = "^[a-z0-9]+(-[a-z0-9]+)*$";

    // With - and eight hexadecimal digits a recipe's name is a run id, and r1-jobs- + run id must fit Azure's 63.
    private const int MaxLength = 40;

    /// <inheritdoc/>
    public override bool Allows(object value) =>
        value is string { Length: <= MaxLength } text && Regex.IsMatch(text, Pattern) && text[^1] != '\n';

    /// <inheritdoc/>
    public override string Allowed => $"lower-case letters, digits and single dashes between them, at most {MaxLength} characters";

    /// <inheritdoc/>
    public override void Describe(JsonObject schema) => (schema["pattern"], schema["maxLength"]) = (Pattern, MaxLength);
}

/// <summary>A day.</summary>
internal sealed class DateAttribute : RecipeRuleAttribute
{
    /// <summary>How it is written.</summary>
    public const string Format = "yyyy-MM-dd";

    /// <inheritdoc/>
    public override bool Allows(object value) =>
        DateOnly.TryParseExact(value as string, Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    /// <inheritdoc/>
    public override string Allowed => "a day, written YYYY-MM-DD";

    /// <inheritdoc/>
    public override void Describe(JsonObject schema) => (schema["format"], schema["pattern"]) = ("date", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
}

/// <summary>What money, or work, is counted in.</summary>
internal sealed class CurrencyAttribute : RecipeRuleAttribute
{
    private const string Pattern = "^([A-Z]{3}|hours)$";

    /// <inheritdoc/>
    public override bool Allows(object value) => value is string text && Regex.IsMatch(text, Pattern) && text[^1] != '\n';

    /// <inheritdoc/>
    public override string Allowed => "a currency of three capital letters as USD, or hours for worker hours";

    /// <inheritdoc/>
    public override void Describe(JsonObject schema) => schema["pattern"] = Pattern;
}

/// <summary>Where a worker computes.</summary>
internal sealed class DeviceAttribute : RecipeRuleAttribute
{
    private const string Pattern = "^(auto|cpu|cuda|cuda:[0-9]{1,2}(,cuda:[0-9]{1,2})*)$";

    /// <inheritdoc/>
    public override bool Allows(object value) => value is string text && Regex.IsMatch(text, Pattern) && text[^1] != '\n'
        && text.Split(',') is var devices && devices.Distinct().Count() == devices.Length;

    /// <inheritdoc/>
    public override string Allowed => "auto, cpu, cuda (all GPUs), cuda:N, or several GPUs, each once, as cuda:0,cuda:1";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names => ["auto", "cpu", "cuda"];

    /// <inheritdoc/>
    public override void Describe(JsonObject schema) => schema["pattern"] = Pattern;
}

/// <summary>A name out of a list.</summary>
internal abstract class OneOfAttribute(IReadOnlyList<string> names) : RecipeRuleAttribute
{
    /// <inheritdoc/>
    public sealed override IReadOnlyList<string> Names => names;

    /// <inheritdoc/>
    public override bool Allows(object value) => names.Contains(value as string);

    /// <inheritdoc/>
    public override string Allowed => $"one of {string.Join(", ", names)}";

    /// <inheritdoc/>
    public override void Describe(JsonObject schema) => schema["enum"] = new JsonArray([.. names.Select(name => JsonValue.Create(name))]);
}

/// <summary>A name out of a list of <see cref="KnownNames"/>.</summary>
/// <param name="list">The list: <c>Losses</c>, <c>Prompts</c> or <c>Languages</c>.</param>
internal sealed class KnownAttribute(string list) : OneOfAttribute(list switch
{
    nameof(KnownNames.Losses) => KnownNames.Losses,
    nameof(KnownNames.Languages) => KnownNames.Languages,
    _ => KnownNames.Prompts,
});

/// <summary>A text with a certain part.</summary>
internal sealed class ContainsAttribute(string part) : RecipeRuleAttribute
{
    /// <inheritdoc/>
    public override bool Allows(object value) => value is string text && text.Contains(part, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string Allowed => $"a string with {part} in it";

    /// <inheritdoc/>
    public override void Describe(JsonObject schema) =>
        schema["pattern"] = Regex.Escape(part).Replace("}", @"\}", StringComparison.Ordinal);
}

/// <summary>A regular expression that matches in time linear in the text.</summary>
internal sealed class LinearRegexAttribute : RecipeRuleAttribute
{
    /// <inheritdoc/>
    public override bool Allows(object value)
    {
        try
        {
            return value is string text && new Regex(text, RegexOptions.NonBacktracking) is not null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override string Allowed => "a .NET regular expression without look-around, back-references or atomic groups";

    /// <inheritdoc/>
    public override void Describe(JsonObject schema) => schema["format"] = "regex";
}

/// <summary>A map or list that must have an entry.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotEmptyAttribute : Attribute;

/// <summary>Fields that a kind must be given although its record has them as optional.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NeedsAttribute(params string[] properties) : Attribute
{
    /// <summary>The properties.</summary>
    public string[] Properties { get; } = properties;
}

/// <summary>Fields that must be given unless another one is, beside which they have no place.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NeedsUnlessAttribute(string other, string because, params string[] properties) : Attribute
{
    /// <summary>The property that takes their place.</summary>
    public string Other { get; } = other;

    /// <summary>Why they have no place beside it.</summary>
    public string Because { get; } = because;

    /// <summary>The properties.</summary>
    public string[] Properties { get; } = properties;
}

/// <summary>A field of the base record that a kind does not take.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class LacksAttribute(string property, string because) : Attribute
{
    /// <summary>The property.</summary>
    public string Property { get; } = property;

    /// <summary>Why not.</summary>
    public string Because { get; } = because;
}

/// <summary>A field of older recipes that has no meaning any more: it is read without an error, and told.</summary>
/// <param name="field">Its JSON name.</param>
/// <param name="by">What takes its place, in words.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
internal sealed class ReplacedAttribute(string field, string by) : Attribute
{
    /// <summary>Its JSON name.</summary>
    public string Field { get; } = field;

    /// <summary>What takes its place.</summary>
    public string By { get; } = by;
}
