using System.Collections.Frozen;
using System.Globalization;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>A unit as powers of base units and a factor: <c>km/h</c> is 5/18 of length¹ time⁻¹.</summary>
/// <param name="Powers">Exponents by base unit; a word that is no unit is a base unit of its own.</param>
/// <param name="Factor">How many base units one of it is.</param>
/// <param name="AllKnown">Whether every word is a known unit.</param>
internal sealed record Unit(IReadOnlyDictionary<string, int> Powers, Rational Factor, bool AllKnown)
{
    /// <summary>Whether values in both can be compared after scaling.</summary>
    public bool IsLike(Unit other) =>
        Powers.Count == other.Powers.Count && Powers.All(pair => other.Powers.TryGetValue(pair.Key, out var power) && power == pair.Value);
}

/// <summary>Names of units, what they measure and how much of it.</summary>
internal static class Units
{
    /// <summary>The unit that has no name but "unit".</summary>
    public const string Nameless = "unit";

    private static readonly FrozenDictionary<string, (string Base, int Power, Rational Factor)> Known = KnownUnits.Make();

    private static readonly FrozenSet<string> Fillers =
        FrozenSet.ToFrozenSet(
            ["per", "of", "the", "a", "an", "each", "total", "about", "long", "wide", "tall", "high", "away", "ago", "in", "all", "only",
                "more", "or", "so", "old"]);

    /// <summary>Whether a word is a unit.</summary>
    public static bool IsKnown(string word) =>
        Known.ContainsKey(word) || Known.ContainsKey(Singular(word.ToLowerInvariant())) || word is "units" or "unit";

    /// <summary>The sign of the currency that a code in capitals names, such as USD; null for anything else.</summary>
    public static string? CurrencyOf(string code) => (code is "Rs" || code.Length == 3 && code.All(char.IsAsciiLetterUpper))
        && (Find(code) ?? Find(code.ToLowerInvariant())) is { Base: "$" or "€" or "£" or "¥" or "₹" or "₽" or "CHF" } unit
        && unit.Factor == Rational.One ? unit.Base : null;

    /// <summary>Whether a word is in the table of units.</summary>
    public static bool IsUnit(string word) => Known.ContainsKey(word);

    /// <summary>Whether letters side by side behind a number are a unit rather than a product: those of bytes may be points.</summary>
    public static bool IsKnownRun(string run) => IsKnown(run) && !(run.Length == 2 && run[1] == 'B');

    /// <summary>C or F, for the letter or the name of a scale of temperature; null for anything else.</summary>
    public static string? TemperatureScale(string word) => word switch
    {
        "C" or "Celsius" or "celsius" or "centigrade" => "C",
        "F" or "Fahrenheit" or "fahrenheit" => "F",
        _ => null,
    };

    /// <summary>
    /// Reads <c>5 m/s^2</c>, <c>5 \mu m</c> that was parsed as a product of letters, when all of them are units, or together one; null
    /// otherwise.
    /// </summary>
    public static Measured? TryMeasure(Product product)
    {
        if (product.Factors.Count < 2 || product.Factors[0] is not (Number or Power { Base: Number })) return null;
        var amounts = product.Factors.TakeWhile(factor => factor is Number or Power { Base: Number }).ToList();
        var letters = product.Factors.Skip(amounts.Count).ToList();
        if (letters.Count is 2 or 3 && letters.All(letter => letter is Symbol { Name.Length: 1 })
            && string.Concat(letters.Select(letter => ((Symbol)letter).Name)) is var name && Known.ContainsKey(name))
            return new Measured(Tree.Multiply([.. amounts]), name);
        var text = new List<string>();
        var amount = new List<Node>();
        foreach (var factor in product.Factors)
        {
            if (factor is Number or Power { Base: Number } && text.Count == 0) amount.Add(factor);
            else if (Power(factor, 1) is { } unit) text.Add(unit);
            else return null;
        }
        return text.Count == 0 ? null : new Measured(Tree.Multiply([.. amount]), string.Join(' ', text));

        static string? Power(Node node, int power) => node switch
        {
            Symbol { Name: var name } when Known.ContainsKey(name) => $"{name} ^ {power}",
            Power { Base: var inner, Exponent: Number { Value: { IsInteger: true } exponent } }
                when exponent.Abs().CompareTo(9) <= 0 && Math.Abs(power) < 9 => Power(inner, power * (int)exponent.Numerator),
            _ => null,
        };
    }

    /// <summary>Reads a unit such as <c>square feet</c>, <c>km/h</c>, <c>m s^-2</c>, <c>dollars per hour</c>, <c>apples</c>.</summary>
    public static Unit Parse(string text)
    {
        var powers = new Dictionary<string, int>(StringComparer.Ordinal);
        var factor = Rational.One;
        var known = true;
        var sign = 1;
        int? ahead = null;
        var words = text.Replace("mph", "mi / h", StringComparison.Ordinal).Replace("kph", "km / h", StringComparison.Ordinal)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < words.Length; i++)
        {
            var (word, isFirst) = (words[i], i == 0);
            var exponent = 1;
            if (i + 2 < words.Length && words[i + 1] == "^"
                && int.TryParse(words[i + 2], CultureInfo.InvariantCulture, out exponent) && Math.Abs(exponent) < 10) i += 2;
            else exponent = 1;
            switch (word.ToLowerInvariant())
            {
                case "an" when isFirst: continue; // half an hour
                case "/" or "per" or "an" or "每": sign = -1; continue;
                case "a" when !isFirst && word == "a": sign = -1; continue;
                case "square" or "sq" or "squared": ahead = 2; continue;
                case "cubic" or "cu" or "cubed": ahead = 3; continue;
                case "*" or "^" or "." or "(" or ")" or "-" or ",": continue;
            }
            var power = sign * (ahead ?? exponent);
            ahead = null;
            if (MeasureWords.Noun(word) is { } noun)
            {
                // 5个 counts something, and 5个苹果 counts apples.
                known = false;
                if (noun.Length > 0) Count(powers, noun, power);
            }
            else if (Find(word) is { } unit)
            {
                factor *= unit.Factor.Power(Math.Clamp(power, -9, 9));
                Count(powers, unit.Base, unit.Power * power);
            }
            else if (Singular(word.ToLowerInvariant()) is Nameless) Count(powers, Nameless, power);
            else if (!Fillers.Contains(Singular(word.ToLowerInvariant())))
            {
                known = false;
                Count(powers, Singular(word.ToLowerInvariant()), power);
            }
        }
        return new(powers, factor, known);
    }

    private static void Count(Dictionary<string, int> powers, string name, int power)
    {
        var sum = powers.GetValueOrDefault(name) + power;
        if (sum == 0) powers.Remove(name);
        else powers[name] = sum;
    }

    private static (string Base, int Power, Rational Factor)? Find(string word)
    {
        if (Known.TryGetValue(word, out var unit)) return unit;
        return Known.TryGetValue(Singular(word.ToLowerInvariant()), out unit) ? unit : null;
    }

    private static string Singular(string word) => word switch
    {
        "feet" => "foot",
        "inches" => "inch",
        "people" => "person",
        "men" => "man",
        "women" => "woman",
        "children" => "child",
        _ when word.Length > 3 && word.EndsWith("ies", StringComparison.Ordinal) => word[..^3] + "y",
        _ when word.Length > 4 && word.EndsWith("xes", StringComparison.Ordinal) => word[..^2],
        _ when word.Length > 2 && word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal) => word[..^1],
        _ => word,
    };
}
