using System.Text;

namespace R1Cloud.Rewards.Language;

/// <summary>
/// Tells the language of a text by its script, and by common words and letters where several languages share one. Deterministic, no model.
/// </summary>
internal static class LanguageDetector
{
    private static readonly Dictionary<Script, string> OnlyLanguage = new()
    {
        [Script.Greek] = "el", [Script.Hebrew] = "he", [Script.Bengali] = "bn", [Script.Gurmukhi] = "pa", [Script.Gujarati] = "gu",
            [Script.Tamil] = "ta", [Script.Telugu] = "te",
        [Script.Kannada] = "kn", [Script.Malayalam] = "ml", [Script.Thai] = "th", [Script.Hangul] = "ko", [Script.Kana] = "ja",
            [Script.Han] = "zh",
    };

    /// <summary>The language of most of a text (ISO 639-1), or null when it has no letters.</summary>
    public static string? Detect(string text)
    {
        var counts = new int[Enum.GetValues<Script>().Length];
        foreach (var rune in text.EnumerateRunes()) counts[(int)Scripts.Of(rune)]++;
        var best = Script.None;
        for (var script = Script.None + 1; script < Script.Other; script++)
        {
            if (Weight(script) > (best == Script.None ? 0 : Weight(best))) best = script;
        }
        // Japanese is Han with kana between
        if (best is Script.Han or Script.Kana) return counts[(int)Script.Kana] * 10 > counts[(int)Script.Han] ? "ja" : "zh";
        return best == Script.None
            ? null : Within(text, best)
            ?? (best == Script.Latin ? "en" : best == Script.Cyrillic ? "ru" : best == Script.Devanagari ? "hi" : null);

        // A Chinese character says about as much as three letters.
        double Weight(Script script) =>
            counts[(int)script] * (script is Script.Han or Script.Kana ? 3.0 : script == Script.Hangul ? 2.0 : 1.0);
    }

    /// <summary>The language of a text's words in one script, or null where nothing tells.</summary>
    public static string? Within(string text, Script script)
    {
        if (script == Script.Arabic) return Arabic(text);
        if (!FunctionWords.Distinguish(script)) return OnlyLanguage.GetValueOrDefault(script);
        var scores = FunctionWords.Score(Words(text, script), script);
        var (language, score) = scores.MaxBy(candidate => candidate.Score);
        return score > 0 ? language : null;
    }

    /// <summary>The words of a text in one script, in small letters.</summary>
    public static IEnumerable<string> Words(string text, Script script)
    {
        var word = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (Scripts.Of(rune) == script) word.Append(Rune.ToLowerInvariant(rune));
            else if (word.Length > 0)
            {
                yield return word.ToString();
                word.Clear();
            }
        }
        if (word.Length > 0) yield return word.ToString();
    }

    // Urdu and Persian write letters that Arabic lacks.
    private static string Arabic(string text)
    {
        var (urdu, persian) = (text.Count("ٹڈڑںےہھ".Contains), text.Count("پچژگکی".Contains));
        return urdu > 0 && urdu * 4 >= persian ? "ur" : persian > 0 ? "fa" : "ar";
    }
}
