using R1Cloud.GpuJob.Rewards.Mathematics.Trees;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Rewards.Mathematics.Extraction;

/// <summary>Finds the final answer in a free text.</summary>
/// <param name="options">Where to look, in which order.</param>
/// <param name="parse">Parses a piece; null when it is no answer.</param>
internal sealed class AnswerExtractor(MathOptions options, Func<string, Node?> parse)
{
    /// <summary>Longer pieces are prose.</summary>
    public const int MaxAnswerLength = 1500;

    private const int MaxTextAnswer = 200;
    private const string EndThink = "</think>", StartThink = "<think>";

    /// <summary>The final answer of a completion, or null.</summary>
    public Extracted? Find(string text)
    {
        var sources = options.Sources;
        var thought = text.LastIndexOf(EndThink, StringComparison.Ordinal);
        if (thought >= 0 || text.Contains(StartThink, StringComparison.Ordinal))
        {
            if (thought < 0) return null; // still thinking
            text = text[(thought + EndThink.Length)..];
            if (options.MarkedAfterThinking) sources = [.. sources.Where(source => source is AnswerSource.AnswerTag or AnswerSource.Boxed)];
        }
        return Find(text, sources);
    }

    /// <summary>The right answer in a row's gold text, which may be a formula, a marked one, or a whole solution.</summary>
    public Extracted? FindGold(string text) => Find(text, [AnswerSource.AnswerTag, AnswerSource.Boxed, AnswerSource.Whole, AnswerSource.Phrase, AnswerSource.Formula, AnswerSource.Text]);

    private Extracted? Find(string text, IReadOnlyList<AnswerSource> sources)
    {
        text = CutEnd(text);
        foreach (var source in sources)
        {
            var found = source switch
            {
                AnswerSource.AnswerTag => InTags(text),
                AnswerSource.Boxed => BoxedAnswers.Find(text),
                AnswerSource.Whole => Whole(text),
                AnswerSource.Phrase => AfterPhrase(text),
                AnswerSource.Formula => LastFormula(text),
                AnswerSource.LastNumber => LastNumbers.Find(text) is { } range ? text[range] : null,
                AnswerSource.Text => text.Length <= 2 * MaxAnswerLength && Clean(text) is { Length: > 0 and <= MaxTextAnswer } words && !words.AsSpan().ContainsAny('\n', '$') ? words : null,
                _ => null,
            };
            if (found is not null) return new(found, source);
        }
        return null;
    }

    /// <summary>Without the marks of a chat template, and without the closing words of the Minerva prompt.</summary>
    private static string CutEnd(string text)
    {
        foreach (var mark in (ReadOnlySpan<string>)["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "</s>", "<｜end▁of▁sentence｜>"])
        {
            if (text.IndexOf(mark, StringComparison.Ordinal) is var cut and > 0) text = text[..cut];
        }
        foreach (var words in (ReadOnlySpan<string>)["I hope it is correct", "Ihopeitiscorrect"])
        {
            if (text.LastIndexOf(words, StringComparison.Ordinal) is var cut and > 0 && text[..cut].TrimEnd() is [.., '.' or '$' or ']' or ')'] before) text = before;
        }
        return text;
    }

    private static string? InTags(string text)
    {
        if (ThinkAnswerFormat.ExtractAnswer(text) is not { Length: > 0 } inside) return null;
        return BoxedAnswers.Find(inside) ?? Clean(inside);
    }

    /// <summary>The text without math delimiters, quotation marks, bold marks and a full stop.</summary>
    public static string Clean(string text)
    {
        var clean = MathDelimiters.Remove(text).Trim();
        while (clean.Length > 1 && clean[0] is '"' or '*' or '`' or '“' or '\u300C') clean = clean[1..];
        while (clean.Length > 1 && clean[^1] is '.' or '"' or '*' or '`' or '”' or '\u300D' or '。' or ',' or ';' or ':') clean = clean[..^1].TrimEnd();
        return clean.Trim().Replace("p.m.", "pm", StringComparison.Ordinal).Replace("a.m.", "am", StringComparison.Ordinal);
    }

    private string? Whole(string text)
    {
        if (text.Length > 2 * MaxAnswerLength) return null;
        var clean = Clean(text);
        return clean.Length is > 0 and <= MaxAnswerLength && parse(clean) is { } node && !IsProse(node) && !(node is Sequence && IsArgument(text)) ? clean : null;
    }

    /// <summary>Whether a text concludes something: "so x + 2 = 5, hence x = 3" states one answer, not two.</summary>
    private static bool IsArgument(string text)
    {
        foreach (var word in (ReadOnlySpan<string>)["so", "thus", "hence", "therefore", "then", "we", "since", "because", "get", "where"])
        {
            for (var at = 0; (at = text.IndexOf(word, at, StringComparison.OrdinalIgnoreCase)) >= 0; at += word.Length)
            {
                if ((at == 0 || !char.IsLetter(text[at - 1]) && text[at - 1] != '\\') && (at + word.Length == text.Length || !char.IsLetter(text[at + word.Length]))) return true;
            }
        }
        return false;
    }

    private static bool IsProse(Node node) => node is Words || node is Sequence several && several.Items.Any(IsProse) || node is Measured measured && measured.Unit.Count(c => c == ' ') > 12;

    private string? AfterPhrase(string text)
    {
        if (AnswerPhrases.Find(text) is not { } rest) return null;
        if (rest.StartsWith("not ", StringComparison.OrdinalIgnoreCase)) return Clean(AnswerPhrases.Sentence(rest)); // says what it is not
        if (MathDelimiters.Leading(rest) is { } formula && parse(Clean(formula)) is not null and not Words) return Clean(formula);
        var sentence = Clean(AnswerPhrases.Sentence(rest));
        if (sentence.Length is > 0 and <= MaxAnswerLength && parse(sentence) is { } node && !(node is Words words && words.Text.Count(c => c == ' ') > 6)) return sentence;
        foreach (var verb in (ReadOnlySpan<string>)[" is ", " are ", " = "])
        {
            if (sentence.LastIndexOf(verb, StringComparison.Ordinal) is var at and > 0 && sentence[(at + verb.Length)..] is { Length: <= MaxAnswerLength } tail && parse(tail) is not null and not Words) return tail;
        }
        return LastNumbers.First(sentence) is { } number ? sentence[number] : null;
    }

    private string? LastFormula(string text)
    {
        if (MathDelimiters.LastSpan(text) is not { } span) return null;
        if (LastNumbers.Find(text[span.End..]) is not null) return null;
        var clean = Clean(text[span.Start..span.End]);
        return clean.Length is > 0 and <= MaxAnswerLength && parse(clean) is not null ? clean : null;
    }
}
