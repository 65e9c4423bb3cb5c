using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Shared.Recipes.Reading;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Language;

/// <summary>
/// Language consistency (DeepSeek-R1, section 2.3.2): the share of the thinking's words that are in the target language. Code and formulas,
/// names of variables and short acronyms are no words; two Chinese characters count as one.
/// </summary>
internal sealed partial class LanguageConsistency(LanguageOptions options)
{
    private const int EnoughWords = 2; // that speak for another language before a sentence is taken to be in it

    private static readonly Dictionary<string, Script[]> ScriptsOf = new()
    {
        ["zh"] = [Script.Han], ["ja"] = [Script.Kana, Script.Han], ["ko"] = [Script.Hangul], ["ru"] = [Script.Cyrillic],
            ["uk"] = [Script.Cyrillic], ["bg"] = [Script.Cyrillic],
        ["el"] = [Script.Greek], ["he"] = [Script.Hebrew], ["ar"] = [Script.Arabic], ["fa"] = [Script.Arabic], ["ur"] = [Script.Arabic],
            ["hi"] = [Script.Devanagari],
        ["mr"] = [Script.Devanagari], ["ne"] = [Script.Devanagari], ["bn"] = [Script.Bengali], ["pa"] = [Script.Gurmukhi],
            ["gu"] = [Script.Gujarati], ["ta"] = [Script.Tamil],
        ["te"] = [Script.Telugu], ["kn"] = [Script.Kannada], ["ml"] = [Script.Malayalam], ["th"] = [Script.Thai],
    };

    private static readonly Script[] Latin = [Script.Latin];

    // Code, formulas, links, tags, and whatever has a digit in it. Without backtracking: no text makes it slow.
    private static readonly Regex NotWords = new(
        @"```.*?(```|$)|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$|\\\[.*?\\\]|\\\(.*?\\\)|\\[A-Za-z]+|https?://\S+|</?\w+>|\w*\d\w*",
        RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant);

    /// <summary>From 0 to 1; thinking without a word is unparsable, so that silence earns nothing.</summary>
    public Reward Score(Completion completion)
    {
        var (target, problem) = Target(completion);
        if (problem is not null) return Reward.Failed(problem);
        if (Thinking(completion.Text) is not { } text) return Reward.Unparsable("no <think>");
        var (inTarget, all) = (0.0, 0.0);
        foreach (var sentence in Sentence().Split(NotWords.Replace(WithoutEnvironments(text), " ")))
            Count(sentence, target, ref inTarget, ref all);
        return all == 0 ? Reward.Unparsable("no words") : new(inTarget / all, $"{inTarget:0.#} of {all:0.#} words in {target}");
    }

    private (string Language, string? Problem) Target(Completion completion)
    {
        if (options.Field is not { } field) return (options.Language, null);
        if (completion.Find(field) is not { } column) return ("", $"the row has no language in a column \"{field}\"");
        return column.Value.ValueKind == JsonValueKind.String && KnownNames.Languages.Contains(column.Value.GetString()!)
            ? (column.Value.GetString()!, null)
            : ("", $"the row's \"{field}\" is {column.Value.GetRawText()}, which is none of the "
                + $"languages {string.Join(", ", KnownNames.Languages)}");
    }

    private string? Thinking(string text)
    {
        if (options.Whole) return text;
        var start = text.IndexOf("<think>", StringComparison.Ordinal);
        var end = text.IndexOf("</think>", StringComparison.Ordinal);
        if (start < 0 && end < 0) return null;
        var from = start < 0 || (end >= 0 && end < start) ? 0 : start + "<think>".Length; // a prompt may open the tag itself
        return end < from ? text[from..] : text[from..end];
    }

    // LaTeX environments, by hand: as a part of the expression each \begin without an \end would be looked for to the end of the text.
    private static string WithoutEnvironments(string text)
    {
        const string begin = "\\begin{", end = "\\end{";
        var (kept, from) = (new StringBuilder(), 0);
        while (text.IndexOf(begin, from, StringComparison.Ordinal) is >= 0 and var start
            && text.IndexOf(end, start, StringComparison.Ordinal) is >= 0 and var stop)
        {
            kept.Append(text, from, start - from).Append(' ');
            from = stop + end.Length;
            var brace = text.IndexOf('}', from);
            if (brace >= 0 && brace - from <= 32) from = brace + 1;
        }
        return kept.Append(text, from, text.Length - from).ToString();
    }

    private static void Count(string sentence, string target, ref double inTarget, ref double all)
    {
        var scripts = ScriptsOf.GetValueOrDefault(target, Latin);
        var words = Split(sentence);
        var foreign = words.Select(word => word.Script).Distinct()
            .Where(script => !scripts.Contains(script) || IsForeign(sentence, script, target)).ToHashSet();
        foreach (var (script, weight) in words)
        {
            all += weight;
            if (!foreign.Contains(script)) inTarget += weight;
        }
    }

    // Whether a sentence that is written in the target's script is in another language all the same.
    private static bool IsForeign(string sentence, Script script, string language)
    {
        if (script == Script.Han && language == "zh") return sentence.EnumerateRunes().Any(rune => Scripts.Of(rune) == Script.Kana);
        if (script == Script.Arabic)
            return LanguageDetector.Within(sentence, script) is { } arabic && arabic != language && sentence.Length > 20;
        if (!FunctionWords.Distinguish(script)) return false;
        var scores = FunctionWords.Score(LanguageDetector.Words(sentence, script), script);
        var best = scores.MaxBy(score => score.Score);
        var target = scores.FirstOrDefault(score => score.Language == language).Score;
        return best.Score >= EnoughWords && best.Score > target;
    }

    private static List<(Script Script, double Weight)> Split(string sentence)
    {
        var words = new List<(Script, double)>();
        var (script, word) = (Script.None, new StringBuilder());
        foreach (var rune in sentence.EnumerateRunes().Append(new Rune(' ')))
        {
            var next = Rune.IsDigit(rune) || rune.Value == '_' ? Script.None : Scripts.Of(rune);
            if (next is Script.Han or Script.Kana or Script.Thai) words.Add((next, next == Script.Thai ? 0.2 : 0.5));
            if (next == script && next != Script.None) word.Append(rune);
            else
            {
                if (word.Length > 0 && IsWord(word.ToString(), script)) words.Add((script, 1));
                word.Clear();
                script = next is Script.Han or Script.Kana or Script.Thai ? Script.None : next;
                if (script != Script.None) word.Append(rune);
            }
        }
        return words;
    }

    // One Latin letter is a variable, a few capitals are a name: neither is in a language.
    private static bool IsWord(string word, Script script) =>
        script != Script.Latin || (word.Length > 1 && !(word.Length <= 5 && word.All(char.IsUpper)));

    [GeneratedRegex(@"(?<=[.!?])\s+|[。！？\n]+")]
    private static partial Regex Sentence();
}
