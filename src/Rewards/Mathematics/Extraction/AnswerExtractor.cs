using System.Buffers;
using R1Cloud.Rewards.Mathematics.Trees;
using R1Cloud.Rewards.Texts;
using R1Cloud.Shared.Recipes.Rewards;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>
/// Finds the final answer in a free text: one chain of places, the same for a completion, the text in its answer tags, and a solution that
/// a row has for its right answer.
/// </summary>
/// <param name="options">Where to look, in which order.</param>
/// <param name="parse">Parses a piece; null when it is no answer.</param>
internal sealed class AnswerExtractor(MathOptions options, Func<string, Node?> parse)
{
    /// <summary>Longer pieces are prose.</summary>
    public const int MaxAnswerLength = 1500;

    private const int MaxTextAnswer = 200, MaxQuestions = 4, MaxMentions = 12;
    private static readonly SearchValues<char> Letters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    private const string EndThink = "</think>", StartThink = "<think>";

    // Within answer tags, and for right answers, everything is the answer: the places differ only in what may stand beside it.
    private static readonly AnswerSource[] InTags = [AnswerSource.Boxed, AnswerSource.Whole, AnswerSource.Phrase, AnswerSource.Formula,
        AnswerSource.LastNumber, AnswerSource.Text];
    private static readonly AnswerSource[] InGold = [AnswerSource.AnswerTag, AnswerSource.Boxed, AnswerSource.Whole, AnswerSource.Phrase,
        AnswerSource.Formula, AnswerSource.Text];

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
    public Extracted? FindGold(string text) => Find(text, InGold);

    private Extracted? Find(string text, IReadOnlyList<AnswerSource> sources)
    {
        text = PlainText.Of(CutEnd(text));
        foreach (var source in sources)
        {
            var found = source switch
            {
                AnswerSource.AnswerTag => BetweenTags(text),
                AnswerSource.Boxed => Boxed(text),
                AnswerSource.Whole => Whole(text),
                AnswerSource.Phrase => Announced(text),
                AnswerSource.Formula => LastFormula(text),
                AnswerSource.LastNumber => LastNumber(text),
                AnswerSource.Text =>
                    text.Length <= 2 * MaxAnswerLength && Clean(text) is { Length: > 0 and <= MaxTextAnswer } words
                    && !words.AsSpan().ContainsAny('\n', '$') && !IsUnstated(words) ? words : null,
                _ => null,
            };
            if (found == AnnouncedAnswers.Nothing) return null; // taken back
            if (found is not null) return new(found, source);
        }
        return null;
    }

    // Without the marks of a chat template, and without the closing words of the Minerva prompt.
    private static string CutEnd(string text)
    {
        foreach (var mark in (ReadOnlySpan<string>)["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "</s>",
            "<｜end▁of▁sentence｜>"])
        {
            if (text.IndexOf(mark, StringComparison.Ordinal) is var cut and > 0) text = text[..cut];
        }
        foreach (var words in (ReadOnlySpan<string>)["I hope it is correct", "Ihopeitiscorrect"])
        {
            if (text.LastIndexOf(words, StringComparison.Ordinal) is var cut and > 0
                && text[..cut].TrimEnd() is [.., '.' or '$' or ']' or ')'] before) text = before;
        }
        return text;
    }

    private string? Boxed(string text)
    {
        if (BoxedAnswers.Find(text, out var start, out var end) is not { } boxed) return null;
        if (AnswerPhrases.IsCorrected(text.AsSpan(end).TrimStart("}$\\)] "))) return AnnouncedAnswers.Nothing;
        if (!Commitments.HoldBox(text, start, end)) return LastNumber(text[end..]) ?? AnnouncedAnswers.Nothing;
        // "Wait, I forgot one. The correct answer is 42."
        return Retractions.Begin(text[end..]) && Announced(text[end..]) is { } later ? later : boxed;
    }

    private string? Announced(string text)
    {
        var announced = new AnnouncedAnswers(parse);
        var found = announced.Find(text) ?? Emphasis.Find(text, parse);
        return found == AnnouncedAnswers.Nothing && announced.Retracted > 0 && Retractions.Settles(text[announced.Retracted..])
            ? LastNumber(text[announced.Retracted..]) ?? found : found;
    }

    private string? BetweenTags(string text)
    {
        if (ThinkAnswerFormat.ExtractAnswer(text) is not { Length: > 0 } inside) return null;
        return Find(inside, InTags)?.Text ?? Clean(inside);
    }

    /// <summary>The text without math delimiters, quotation marks, bold marks and a full stop.</summary>
    public static string Clean(string text)
    {
        var clean = MathDelimiters.Remove(text).Trim();
        while (clean.Length > 1 && clean[0] is '"' or '*' or '`' or '“' or '\u300C') clean = clean[1..];
        while (clean.Length > 1 && clean[^1] is '.' or '"' or '*' or '`' or '”' or '\u300D' or '。' or ',' or ';' or ':'
            && !EndsWithDots(clean)) clean = clean[..^1].TrimEnd();
        return clean.Trim().Replace("p.m.", "pm", StringComparison.OrdinalIgnoreCase).Replace("a.m.", "am",
            StringComparison.OrdinalIgnoreCase).Replace("p.m", "pm", StringComparison.Ordinal).Replace("a.m", "am",
            StringComparison.Ordinal);
    }

    // 0.333...
    private static bool EndsWithDots(string text) => text.EndsWith("...", StringComparison.Ordinal)
        && text.TrimEnd('.') is [.., >= '0' and <= '9'];

    private string? Whole(string text)
    {
        if (text.Length > 2 * MaxAnswerLength || text.AsSpan().Trim().Contains('\n') && AnswerPhrases.Find(text) is not null
            || AnswerPhrases.Opens(text)) return null;
        var clean = Clean(text);
        return clean.Length is > 0 and <= MaxAnswerLength && parse(clean) is { } node && !AnnouncedAnswers.IsProse(node)
            && !(node is Sequence && IsArgument(text)) && !IsUnstated(clean)
            && IsCommitted(clean) ? clean : null;
    }

    // Whether a text of several words stands by its first number.
    private static bool IsCommitted(string clean) => !HasWords(clean) || !clean.AsSpan().ContainsAnyInRange('0', '9')
        || clean.Contains('\\', StringComparison.Ordinal) || LastNumbers.First(clean) is not { } number
        || Commitments.Hold(clean, number.Start.Value, number.End.Value);

    private static bool HasWords(string clean) =>
        clean.Split(' ').Count(word => word.Length > 2 && word.AsSpan(0, 3).IndexOfAnyExcept(Letters) < 0) > 1;

    // Whether a text asks for its number, or has it for another purpose: "Is it 72?", "the first 18 digits".
    private static bool IsUnstated(string clean) => clean.EndsWith('?') || ModifyingNumbers.Opens(clean);

    // Whether a text concludes something: "so x + 2 = 5, hence x = 3" states one answer, not two.
    private static bool IsArgument(string text)
    {
        foreach (var word in (ReadOnlySpan<string>)["so", "thus", "hence", "therefore", "then", "we", "since", "because", "get", "where"])
        {
            for (var at = 0; (at = text.IndexOf(word, at, StringComparison.OrdinalIgnoreCase)) >= 0; at += word.Length)
            {
                if ((at == 0 || !char.IsLetter(text[at - 1]) && text[at - 1] != '\\')
                    && (at + word.Length == text.Length || !char.IsLetter(text[at + word.Length]))) return true;
            }
        }
        return false;
    }

    private string? LastFormula(string text)
    {
        if (MathDelimiters.LastSpan(text) is not { } span) return null;
        if (LastNumbers.Find(text, span.End) is not null) return null;
        if (!Commitments.Hold(text, span.Start, span.End)) return AnnouncedAnswers.Nothing;
        var clean = Clean(text[span.Start..span.End]);
        return clean.Length is > 0 and <= MaxAnswerLength && parse(clean) is not null ? clean : null;
    }

    // A text that ends by asking, with nothing but a question after its last number, has stated nothing.
    private static bool EndsInQuestion(string text) => text.AsSpan().TrimEnd() is [.., '?' or '？'];

    // Where the sentence of a number begins, when it asks; null when it states.
    private static int? QuestionStart(string text, Range number)
    {
        var end = number.End.Value;
        while (end < text.Length && !EndsSentence(text, end)) end++;
        if (end == text.Length || text[end] != '?') return null;
        var start = number.Start.Value;
        while (start > 0 && !EndsSentence(text, start - 1)) start--;
        return start;
    }

    private static bool EndsSentence(string text, int at) => text[at] is '\n' or '。' or '\uFF1F'
        || text[at] is '.' or '?' or '!' && (at + 1 == text.Length || char.IsWhiteSpace(text[at + 1]));

    private static bool IsDenied(string before)
    {
        // A relation that says what the answer is not, or more than it: ≠ 7.
        var sign = before.TrimEnd();
        foreach (var relation in (ReadOnlySpan<string>)["\\ne", "\\neq", "≠", "!=", "<", ">", "≤", "≥", "\\le", "\\leq", "\\ge", "\\geq",
            "\\lt", "\\gt", "至少", "至多", "大于", "小于", "超过", "不是", "并非", "不等于", "少于", "多于", "最多", "最少"])
        {
            if (sign.EndsWith(relation, StringComparison.Ordinal)) return true;
        }
        var words = before.ToLowerInvariant().Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (words is [.., "is" or "be", "at", "least" or "most"] or ["at", "least" or "most"] or ["up", "to"]
            or [.., "below" or "above" or "exceeds" or "exceed" or "beyond"] or [.., "than"]
            or [.., "than", "or", "equal", "to"] or [.., "between", _, "and"]) return true;
        var last = words.Length - 1;
        while (last >= 0 && words.Length - last <= 3 && words[last] is "be" or "equal" or "to" or "is" or "exactly") last--;
        return last >= 0 && (words[last] is "not" or "cannot" or "never" or "nicht" or "不是"
            || words[last].EndsWith("n't", StringComparison.Ordinal) || words[last].EndsWith("n’t", StringComparison.Ordinal));
    }

    // The last number outside of formulas, with the computation that it ends. A last formula that nobody can read hides what the answer is.
    private string? LastNumber(string text)
    {
        var from = MathDelimiters.LastSpan(text, withOpen: true) is { } span ? span.End : 0;
        var all = text;
        if (EndsInQuestion(text)) return null;
        if (LastNumbers.Find(text, from) is not { } range) return null;
        for (var i = 0; i < MaxQuestions && QuestionStart(text, range) is { } question; i++)
        {
            text = text[..question];
            if (question <= from || LastNumbers.Find(text, from) is not { } stated) return null; // nothing but asked
            range = stated;
        }
        if (Stated(text, from, range) is not { } number) return null;
        range = number;
        if (!Commitments.Hold(all, range.Start.Value, range.End.Value)
            || Commitments.IsOneOfSeveral(all, range.Start.Value, range.End.Value)) return AnnouncedAnswers.Nothing;
        var before = text[..range.Start.Value];
        // what the answer is not, or one end of a range
        if (IsDenied(before) && !Commitments.IsException(all, range.Start.Value, range.End.Value) || LastNumbers.GoesOn(text, range)
            || LastNumbers.IsDenied(text, range)) return null;
        if (before.LastIndexOf("\\begin{", StringComparison.Ordinal) > before.LastIndexOf("\\end{", StringComparison.Ordinal)) return null;
        if (LastNumbers.Computation(text, from, range) is { } computation && Clean(text[computation]) is var whole
            && parse(whole) is Relation) return whole;
        return text[range];
    }

    // The number, or the last one before it in the sentence that modifies no noun: "36 pens in the first 3 boxes".
    private static Range? Stated(string text, int from, Range number)
    {
        for (var mentions = 0; ModifyingNumbers.IsAt(text, number); mentions++)
        {
            if (mentions == MaxMentions || StatedNumbers.IsOpen(text, number) || number.Start.Value <= from
                || LastNumbers.Find(text[..number.Start.Value], from) is not { } before) return null;
            for (var at = before.End.Value; at < number.Start.Value; at++) if (EndsSentence(text, at)) return null;
            number = before;
        }
        return number;
    }
}
