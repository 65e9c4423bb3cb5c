using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;
using R1Cloud.Rewards.Language;

namespace R1Cloud.Rewards.Instructions;

/// <summary>Whether a response follows an instruction.</summary>
internal delegate bool InstructionCheck(string response, InstructionArguments arguments);

/// <summary>
/// The 25 verifiable kinds of instruction of IFEval (arXiv 2311.07911, table 1) by their public ids, with the arguments' public names.
/// Keywords are plain text, not expressions.
/// </summary>
internal static partial class InstructionKinds
{
    private static readonly string[] ConstrainedResponses = ["My answer is yes.", "My answer is no.", "My answer is maybe."];

    private static readonly SearchValues<char> WordEnds = SearchValues.Create(".,?!'\"");

    private static readonly Dictionary<string, InstructionCheck> Known = new(StringComparer.Ordinal)
    {
        ["keywords:existence"] = (text, a) => a.Texts("keywords").All(word => word.Length == 0 || TextUnits.HasWord(text, word)),
        ["keywords:frequency"] = (text, a) => a.Compare(TextUnits.Occurrences(text, NotEmpty(a, "keyword")), "frequency", "relation"),
        ["keywords:forbidden_words"] = (text, a) =>
            !a.Texts("forbidden_words").Any(word => word.Length > 0 && TextUnits.HasWord(text, word)),
        ["keywords:letter_frequency"] = (text, a) =>
            a.Compare(TextUnits.Occurrences(text, NotEmpty(a, "letter")), "let_frequency", "let_relation"),
        ["language:response_language"] = (text, a) => IsIn(text, a.Text("language")),
        ["length_constraints:number_sentences"] = (text, a) => a.Compare(TextUnits.Sentences(text), "num_sentences", "relation"),
        ["length_constraints:number_paragraphs"] = (text, a) => Parts(text, "***") is { } parts && parts.Count == a.Count("num_paragraphs"),
        ["length_constraints:number_words"] = (text, a) => a.Compare(TextUnits.Words(text), "num_words", "relation"),
        ["length_constraints:nth_paragraph_first_word"] = NthParagraphFirstWord,
        ["detectable_content:number_placeholders"] = (text, a) => Placeholders(text) >= a.Count("num_placeholders"),
        ["detectable_content:postscript"] = (text, a) => HasPostscript(text, a.Text("postscript_marker").Trim()),
        ["detectable_format:number_bullet_lists"] = (text, a) => Bullets(text) == a.Count("num_bullets"),
        ["detectable_format:constrained_response"] = (text, _) =>
            ConstrainedResponses.Any(response => text.Contains(response, StringComparison.Ordinal)),
        ["detectable_format:number_highlighted_sections"] = (text, a) => Highlights(text) >= a.Count("num_highlights"),
        ["detectable_format:multiple_sections"] = (text, a) =>
            Sections(text, NotEmpty(a, "section_spliter").Trim()) >= a.Count("num_sections"),
        ["detectable_format:json_format"] = (text, _) => IsJson(text),
        ["detectable_format:title"] = (text, _) => text.Split('\n').Any(HasTitle),
        ["combination:two_responses"] = (text, _) => Parts(text, "******") is { Count: 2 } parts && parts[0] != parts[1],
        ["combination:repeat_prompt"] = (text, a) =>
            text.Trim().StartsWith(NotEmpty(a, "prompt_to_repeat").Trim(), StringComparison.OrdinalIgnoreCase),
        ["startend:end_checker"] = (text, a) =>
            text.Trim().Trim('"').EndsWith(NotEmpty(a, "end_phrase").Trim(), StringComparison.OrdinalIgnoreCase),
        ["startend:quotation"] = (text, _) => text.Trim() is { Length: > 1 } whole && whole[0] == '"' && whole[^1] == '"',
        ["change_case:capital_word_frequency"] = (text, a) =>
            a.Compare(TextUnits.CapitalWords(text), "capital_frequency", "capital_relation"),
        ["change_case:english_capital"] = (text, _) => text.Any(char.IsUpper) && !text.Any(char.IsLower) && IsIn(text, "en"),
        ["change_case:english_lowercase"] = (text, _) => text.Any(char.IsLower) && !text.Any(char.IsUpper) && IsIn(text, "en"),
        ["punctuation:no_comma"] = (text, _) => !text.Contains(','),
    };

    /// <summary>The ids.</summary>
    public static IReadOnlyCollection<string> Ids => Known.Keys;

    /// <summary>Whether a response follows an instruction.</summary>
    /// <exception cref="InstructionException">The id is unknown, or an argument is missing or not allowed.</exception>
    public static bool Follows(string id, string response, JsonElement arguments) =>
        Known.TryGetValue(id, out var check)
            ? check(response, new(id, arguments))
            : throw new InstructionException(
                $"there is no instruction {id}. Known: {string.Join(", ", Known.Keys.Order(StringComparer.Ordinal))}");

    // A text without letters has no language; as in IFEval that breaks no instruction.
    private static bool IsIn(string text, string language) =>
        LanguageDetector.Detect(text) is not { } detected || detected == language.Split('-')[0];

    private static string NotEmpty(InstructionArguments arguments, string name) =>
        arguments.Text(name) is { } text && text.Trim().Length > 0 ? text.Trim() : throw new InstructionException($"{name} is empty");

    // The parts between marks; an empty one may stand at either end but not between. Null when one does.
    private static List<string>? Parts(string text, string mark)
    {
        var parts = text.Split(mark).Select(part => part.Trim()).ToList();
        if (parts.Skip(1).SkipLast(1).Any(part => part.Length == 0)) return null;
        return [.. parts.Where(part => part.Length > 0)];
    }

    private static bool NthParagraphFirstWord(string text, InstructionArguments arguments)
    {
        var paragraphs = text.ReplaceLineEndings("\n").Split("\n\n").Where(paragraph => paragraph.Trim().Length > 0).ToList();
        var (nth, first) = (arguments.Count("nth_paragraph"), NotEmpty(arguments, "first_word"));
        if (paragraphs.Count != arguments.Count("num_paragraphs") || nth < 1 || nth > paragraphs.Count) return false;
        var word = paragraphs[nth - 1].Trim().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault()?.TrimStart('\'')
            .TrimStart('"') ?? "";
        var end = word.AsSpan().IndexOfAny(WordEnds);
        return string.Equals(end < 0 ? word : word[..end], first, StringComparison.OrdinalIgnoreCase);
    }

    private static bool HasPostscript(string text, string marker) => marker switch
    {
        "P.P.S" => PostPostscript().IsMatch(text),
        "P.S." => Postscript().IsMatch(text),
        _ => text.Contains(marker, StringComparison.OrdinalIgnoreCase),
    };

    private static int Bullets(string text) =>
        text.Split('\n')
        .Count(line =>
            line.TrimStart() is { Length: > 0 } item
            && (item[0] == '-' || (item[0] == '*' && item.Length > 1 && char.IsWhiteSpace(item[1]))));

    private static int Highlights(string text) =>
        Highlight().Matches(text).Count(match => match.Value.Trim('*').Trim().Length > 0) + DoubleHighlight().Matches(text)
            .Count(match => match.Value[2..^2].Trim().Length > 0);

    // "[…]" within a line.
    private static int Placeholders(string text) => text.Split('\n').Sum(line =>
    {
        var count = 0;
        for (int start = 0, end; (start = line.IndexOf('[', start)) >= 0 && (end = line.IndexOf(']', start)) >= 0; start = end + 1) count++;
        return count;
    });

    // "<<…>>" within a line, with something in it.
    private static bool HasTitle(string line)
    {
        var (start, end) = (line.IndexOf("<<", StringComparison.Ordinal), line.LastIndexOf(">>", StringComparison.Ordinal));
        return start >= 0 && end > start + 2 && line[start..end].TrimStart('<').TrimEnd('>').Trim().Length > 0;
    }

    private static int Sections(string text, string splitter)
    {
        var count = 0;
        for (var at = 0; (at = text.IndexOf(splitter, at, StringComparison.Ordinal)) >= 0;)
        {
            at += splitter.Length;
            if (at < text.Length && char.IsWhiteSpace(text[at])) at++;
            if (at < text.Length && char.IsAsciiDigit(text[at])) count++;
        }
        return count;
    }

    private static bool IsJson(string text)
    {
        var value = text.Trim();
        foreach (var fence in (string[])["```json", "```Json", "```JSON", "```"])
        {
            if (value.StartsWith(fence, StringComparison.Ordinal)) value = value[fence.Length..];
        }
        if (value.EndsWith("```", StringComparison.Ordinal)) value = value[..^3];
        try
        {
            using var _ = JsonDocument.Parse(value.Trim());
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"p\.\s?p\.\s?s", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PostPostscript();

    [GeneratedRegex(@"p\.\s?s\.", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Postscript();

    // The marks touch what they highlight: 2 * 3 * 4 is a product.
    [GeneratedRegex(@"(?<!\*)\*[^\s*](?:[^\n*]*[^\s*])?\*(?!\*)")]
    private static partial Regex Highlight();

    [GeneratedRegex(@"\*\*[^\s*](?:[^\n*]*[^\s*])?\*\*")]
    private static partial Regex DoubleHighlight();
}
