using System.Collections.Frozen;
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

    private static readonly FrozenDictionary<string, (string Base, int Power, Rational Factor)> Known = Make();

    private static readonly FrozenSet<string> Fillers =
        FrozenSet.ToFrozenSet(
            ["per", "of", "the", "a", "an", "each", "total", "about", "long", "wide", "tall", "high", "away", "ago", "in", "all", "only",
                "more", "or", "so", "old"]);

    /// <summary>Whether a word is a unit.</summary>
    public static bool IsKnown(string word) =>
        Known.ContainsKey(word) || Known.ContainsKey(Singular(word.ToLowerInvariant())) || word is "units" or "unit";

    /// <summary>C or F, for the letter or the name of a scale of temperature; null for anything else.</summary>
    public static string? TemperatureScale(string word) => word switch
    {
        "C" or "Celsius" or "celsius" or "centigrade" => "C",
        "F" or "Fahrenheit" or "fahrenheit" => "F",
        _ => null,
    };

    /// <summary>Reads <c>5 m/s^2</c> that was parsed as a product of letters, when all of them are units; null otherwise.</summary>
    public static Measured? TryMeasure(Product product)
    {
        if (product.Factors.Count < 2 || product.Factors[0] is not (Number or Power { Base: Number })) return null;
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
            var word = words[i];
            var exponent = 1;
            if (i + 2 < words.Length && words[i + 1] == "^" && int.TryParse(words[i + 2], out exponent) && Math.Abs(exponent) < 10) i += 2;
            else exponent = 1;
            switch (word.ToLowerInvariant())
            {
                case "an" when i == 0: continue; // half an hour
                case "/" or "per" or "an" or "每": sign = -1; continue;
                case "a" when i > 0: sign = -1; continue;
                case "square" or "sq" or "squared": ahead = 2; continue;
                case "cubic" or "cu" or "cubed": ahead = 3; continue;
                case "*" or "^" or "." or "(" or ")" or "-" or ",": continue;
            }
            var power = sign * (ahead ?? exponent);
            ahead = null;
            if (Find(word) is { } unit)
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

    private static FrozenDictionary<string, (string, int, Rational)> Make()
    {
        var all = new Dictionary<string, (string, int, Rational)>(StringComparer.Ordinal);
        void Add(string names, string dimension, Rational factor, int power = 1)
        {
            foreach (var name in names.Split(' ')) all[name] = (dimension, power, factor);
        }

        Add("m meter metre 米 mètre метр", "length", 1);
        Add("cm centimeter centimetre 厘米", "length", Rational.Of(1, 100));
        Add("dm decimeter 分米", "length", Rational.Of(1, 10));
        Add("mm millimeter millimetre 毫米", "length", Rational.Of(1, 1000));
        Add("km kilometer kilometre 千米 公里", "length", 1000);
        Add("平方米", "length", 1, 2);
        Add("平方厘米", "length", Rational.Of(1, 10_000), 2);
        Add("平方千米 平方公里", "length", 1_000_000, 2);
        Add("立方米", "length", 1, 3);
        Add("立方厘米", "length", Rational.Of(1, 1_000_000), 3);
        Add("in inch", "length", Rational.Of(254, 10000));
        Add("ft foot", "length", Rational.Of(3048, 10000));
        Add("yd yard", "length", Rational.Of(9144, 10000));
        Add("mi mile", "length", Rational.Of(1609344, 1000));
        Add("g gram 克", "mass", 1);
        Add("kg kilogram kilo 千克 公斤", "mass", 1000);
        Add("mg milligram", "mass", Rational.Of(1, 1000));
        Add("lb pound", "mass", Rational.Of(45359237, 100000));
        Add("oz ounce", "mass", Rational.Of(45359237, 1600000));
        Add("ton tonne 吨", "mass", 1000000);
        Add("s sec second 秒 seconde", "time", 1);
        Add("ms millisecond", "time", Rational.Of(1, 1000));
        Add("min minute 分钟", "time", 60);
        Add("h hr hour 小时 heure", "time", 3600);
        Add("day 天 jour", "time", 86400);
        Add("week 周", "time", 604800);
        Add("month 月 个月", "month", 1);
        Add("year yr 年", "month", 12);
        Add("$ dollar usd 美元", "$", 1);
        Add("cent ¢ c", "$", Rational.Of(1, 100));
        Add("€ euro eur", "€", 1);
        Add("£ gbp", "£", 1);
        Add("¥ yen yuan 元 ￥", "¥", 1);
        Add("₹ rupee Rs", "₹", 1);
        Add("₽ ruble", "₽", 1);
        Add("° degree deg 度", "°", 1);
        Add("rad radian", "rad", 1);
        Add("L l liter litre 升", "length", Rational.Of(1, 1000), 3);
        Add("ml mL milliliter millilitre 毫升", "length", Rational.Of(1, 1000000), 3);
        Add("mph kph", "length", 1); // spelled out before they are looked up
        Add("K kelvin", "kelvin", 1);
        Add("J joule", "joule", 1);
        Add("N newton", "newton", 1);
        Add("W watt", "watt", 1);
        Add("V volt", "volt", 1);
        Add("A amp ampere", "ampere", 1);
        Add("Hz hertz", "hertz", 1);
        Add("Pa pascal", "pascal", 1);
        Add("mol mole", "mole", 1);
        Add("nm nanometer", "length", Rational.Of(1, 1_000_000_000));
        Add("μm um micrometer micron", "length", Rational.Of(1, 1_000_000));
        Add("μs microsecond", "time", Rational.Of(1, 1_000_000));
        Add("ns nanosecond", "time", Rational.Of(1, 1_000_000_000));
        Add("kJ kilojoule", "joule", 1000);
        Add("kN kilonewton", "newton", 1000);
        Add("kW kilowatt", "watt", 1000);
        Add("MW megawatt", "watt", 1_000_000);
        Add("kV kilovolt", "volt", 1000);
        Add("mV millivolt", "volt", Rational.Of(1, 1000));
        Add("mA milliamp", "ampere", Rational.Of(1, 1000));
        Add("kHz", "hertz", 1000);
        Add("MHz", "hertz", 1_000_000);
        Add("kPa", "pascal", 1000);
        Add("atm atmosphere", "atmosphere", 1);
        Add("eV", "electronvolt", 1);
        Add("keV", "electronvolt", 1000);
        Add("MeV", "electronvolt", 1_000_000);
        Add("GeV", "electronvolt", 1_000_000_000);
        Add("C coulomb", "coulomb", 1);
        Add("T tesla", "tesla", 1);
        Add("Ω ohm", "ohm", 1);
        Add("kΩ", "ohm", 1000);
        Add("cal calorie", "calorie", 1);
        Add("kcal", "calorie", 1000);
        Add("acre", "acre", 1);
        Add("hectare ha", "length", 10_000, 2);
        Add("gallon gal", "gallon", 1);
        Add("cup", "cup", 1);
        return all.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
