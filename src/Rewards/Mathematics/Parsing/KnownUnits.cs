using System.Collections.Frozen;
using R1Cloud.Rewards.Mathematics.Numbers;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>The table of units: by name, what a unit measures, to which power, and how many base units it is.</summary>
internal static class KnownUnits
{
    private static readonly (char Sign, string Name, int Exponent)[] Prefixes =
    [
        ('p', "pico", -12), ('n', "nano", -9), ('μ', "micro", -6), ('u', "micro", -6), ('m', "milli", -3), ('c', "centi", -2),
            ('d', "deci", -1), ('h', "hecto", 2), ('k', "kilo", 3), ('M', "mega", 6), ('G', "giga", 9), ('T', "tera", 12),
    ];

    // Units that take prefixes: the sign with those that are in use (others are letters of products), the names with all of them.
    private static readonly (string Sign, string Used, string Names, string Base, Rational Size, int Power)[] Prefixed =
    [
        ("m", "pnμumcdk", "meter metre mètre metro метр", "length", 1, 1),
        ("g", "nμumk", "gram gramme gramm gramo grammo грамм", "mass", 1, 1),
        ("s", "pnμum", "second", "time", 1, 1), ("l", "μmcd", "", "length", Rational.Of(1, 1000), 3),
        ("L", "μumcd", "liter litre litro литр", "length", Rational.Of(1, 1000), 3), ("J", "μmkMGT", "joule", "joule", 1, 1),
        ("N", "μmk", "newton", "newton", 1, 1), ("W", "nμmkMGT", "watt", "watt", 1, 1), ("V", "nμmkM", "volt", "volt", 1, 1),
        ("A", "nμmk", "amp ampere", "ampere", 1, 1), ("Hz", "mkMGT", "hertz", "hertz", 1, 1),
        ("Pa", "mhkMG", "pascal", "pascal", 1, 1), ("F", "pnμum", "farad", "farad", 1, 1),
        ("C", "pnμm", "coulomb", "coulomb", 1, 1), ("T", "nμm", "tesla", "tesla", 1, 1), ("H", "nμm", "henry", "henry", 1, 1),
        ("Ω", "μmkMG", "ohm", "ohm", 1, 1), ("mol", "nμumk", "mole", "mole", 1, 1), ("K", "nμm", "kelvin", "kelvin", 1, 1),
        ("eV", "mkMGT", "electronvolt", "electronvolt", 1, 1), ("cal", "k", "calorie", "calorie", 1, 1),
        ("Wh", "kMGT", "", "joule", 3600, 1), ("byte", "", "byte", "byte", 1, 1),
    ];

    // Others, by their names.
    private static readonly (string Names, string Base, Rational Size, int Power)[] Others =
    [
        ("米", "length", 1, 1), ("kilómetro quilômetro chilometro километр", "length", 1000, 1),
        ("centímetro сантиметр", "length", Rational.Of(1, 100), 1), ("milímetro миллиметр", "length", Rational.Of(1, 1000), 1),
        ("厘米", "length", Rational.Of(1, 100), 1), ("分米", "length", Rational.Of(1, 10), 1),
        ("毫米", "length", Rational.Of(1, 1000), 1), ("千米 公里", "length", 1000, 1), ("平方米", "length", 1, 2),
        ("平方厘米", "length", Rational.Of(1, 10_000), 2), ("平方千米 平方公里", "length", 1_000_000, 2), ("立方米", "length", 1, 3),
        ("立方厘米", "length", Rational.Of(1, 1_000_000), 3), ("in inch", "length", Rational.Of(254, 10000), 1),
        ("ft foot", "length", Rational.Of(3048, 10000), 1), ("yd yard", "length", Rational.Of(9144, 10000), 1),
        ("mi mile", "length", Rational.Of(1609344, 1000), 1), ("micron", "length", Rational.Of(1, 1_000_000), 1),
        ("hectare ha", "length", 10_000, 2), ("升", "length", Rational.Of(1, 1000), 3), ("毫升", "length", Rational.Of(1, 1_000_000), 3),
        ("克", "mass", 1, 1), ("kilo 千克 公斤", "mass", 1000, 1), ("斤", "mass", 500, 1), ("毫克", "mass", Rational.Of(1, 1000), 1),
        ("lb pound", "mass", Rational.Of(45359237, 100000), 1), ("oz ounce", "mass", Rational.Of(45359237, 1600000), 1),
        ("ton tonne 吨", "mass", 1_000_000, 1), ("sec 秒 秒钟 seconde segundo secondo sekunde sekunden секунда секунд", "time", 1, 1),
        ("min minute 分钟 minuto minuten минута минут", "time", 60, 1),
        ("h hr hour 小时 heure hora ora stunde stunden час часа часов", "time", 3600, 1),
        ("day 天 jour día dia giorno tage день дня дней", "time", 86400, 1),
        ("week 周 semaine semana settimana woche wochen", "time", 604800, 1),
        ("month 月 个月 mois mes mese monat monate", "month", 1, 1),
        ("year yr 年 岁 歲 周岁 année año ano anno jahr jahre год года лет", "month", 12, 1),
        ("$ dollar usd dólar dollaro доллар 美元", "$", 1, 1),
        ("cent ¢ c", "$", Rational.Of(1, 100), 1), ("€ euro eur евро 欧元", "€", 1, 1), ("£ gbp", "£", 1, 1),
        ("¥ yen yuan jpy cny rmb 元 块 块钱 ￥", "¥", 1, 1), ("角", "¥", Rational.Of(1, 10), 1), ("₹ rupee Rs inr", "₹", 1, 1),
        ("chf franken", "CHF", 1, 1), ("₽ ruble", "₽", 1, 1),
        ("° degree deg 度", "°", 1, 1), ("rad radian", "rad", 1, 1), ("milliamp", "ampere", Rational.Of(1, 1000), 1),
        ("kilohm", "ohm", 1000, 1), ("megohm", "ohm", 1_000_000, 1), ("kB", "byte", 1000, 1), ("MB", "byte", 1_000_000, 1),
        ("GB", "byte", 1_000_000_000, 1), ("TB", "byte", ((Rational)10).Power(12), 1), ("dB decibel", "decibel", 1, 1),
        ("atm atmosphere", "atmosphere", 1, 1), ("acre", "acre", 1, 1), ("gallon gal", "gallon", 1, 1), ("cup", "cup", 1, 1),
        ("mph kph", "length", 1, 1), // spelled out before they are looked up
    ];

    /// <summary>The table.</summary>
    public static FrozenDictionary<string, (string Base, int Power, Rational Factor)> Make()
    {
        var all = new Dictionary<string, (string, int, Rational)>(StringComparer.Ordinal);
        foreach (var (sign, used, names, dimension, size, power) in Prefixed)
        {
            all[sign] = (dimension, power, size);
            foreach (var name in Split(names)) all[name] = (dimension, power, size);
            foreach (var (letter, prefix, exponent) in Prefixes)
            {
                var scaled = (dimension, power, size * ((Rational)10).Power(exponent));
                if (used.Contains(letter, StringComparison.Ordinal)) all[letter + sign] = scaled;
                foreach (var name in Split(names)) all[prefix + name] = scaled;
            }
        }
        foreach (var (names, dimension, size, power) in Others)
        {
            foreach (var name in Split(names)) all[name] = (dimension, power, size);
        }
        return all.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string[] Split(string names) => names.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
