using System.Text;
using R1Cloud.Shared;
using R1Cloud.Tokenizers.Json;
using R1Cloud.Tokenizers.Patterns;
using R1Cloud.Tokenizers.Unicode;

namespace R1Cloud.Tokenizers.Normalizers;

/// <summary>The normalisers of <c>tokenizer.json</c> by type.</summary>
internal static class NormalizerRegistry
{
    private static readonly Dictionary<string, Func<Component, INormalizer>> Builders = new()
    {
        ["NFC"] = _ => new Normalizer(text => UnicodeNormalizer.Normalize(text, compatibility: false, compose: true)),
        ["NFD"] = _ => new Normalizer(text => UnicodeNormalizer.Normalize(text, compatibility: false, compose: false)),
        ["NFKC"] = _ => new Normalizer(text => UnicodeNormalizer.Normalize(text, compatibility: true, compose: true)),
        ["NFKD"] = _ => new Normalizer(text => UnicodeNormalizer.Normalize(text, compatibility: true, compose: false)),
        ["Lowercase"] = _ => new Normalizer(Lowercase.Of),
        ["Prepend"] = part => Prepend(Replacement.Short(part.Field("prepend"))),
        ["Replace"] = part => new Normalizer(Replacement.Parse(part)),
        ["Strip"] = part => Strip(part.Flag("strip_left", true), part.Flag("strip_right", true)),
        ["StripAccents"] = _ => new Normalizer(StripMarks),
        ["Sequence"] = Sequence,
    };

    /// <summary>The normaliser that a part of the file describes.</summary>
    public static INormalizer Create(Component part) => part.Build(Builders);

    // One character of a text becomes 18 in Unicode's compatibility forms; no step in use makes more.
    private const int MostGrowth = 32;

    private static Normalizer Sequence(Component part)
    {
        INormalizer[] steps = [.. part.Items("normalizers").Select(Create)];
        return new(text => steps.Aggregate(text, (current, step) => step.Normalize(current) is var made
            && made.Length <= MostGrowth * (text.Length + MostGrowth) ? made : throw new BadInputException(
                $"{part.File}: {part.Path}: its steps make more than {MostGrowth} characters of one.")));
    }

    private static Normalizer Prepend(string prefix) => new(text => text.Length == 0 ? text : prefix + text);

    private static Normalizer Strip(bool left, bool right) => new(text => (left, right) switch
    {
        (true, true) => text.Trim(),
        (true, false) => text.TrimStart(),
        (false, true) => text.TrimEnd(),
        _ => text,
    });

    private static string StripMarks(string text)
    {
        var kept = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is not (System.Globalization.UnicodeCategory.NonSpacingMark
                or System.Globalization.UnicodeCategory.SpacingCombiningMark or System.Globalization.UnicodeCategory.EnclosingMark))
                    kept.Append(rune);
        }
        return kept.ToString();
    }

    private sealed class Normalizer(Func<string, string> change) : INormalizer
    {
        public string Normalize(string text) => change(text);
    }
}
