using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>Answers that a phrase such as "the answer is" announces, in the middle of sentences.</summary>
/// <param name="parse">Parses a piece; null when it is no answer.</param>
internal sealed class AnnouncedAnswers(Func<string, Node?> parse)
{
    /// <summary>The answer of a text that announces one and does not stand by it.</summary>
    public const string Nothing = "";

    private delegate bool Follows(ReadOnlySpan<char> after);

    private const int MaxCuts = 16, MaxNumeral = 5;
    private const int MaxCutSentence = 400;

    // Where a sentence may go on after its answer.
    private static readonly string[] Clauses =
    [
        ",", ";", " (", ": ", " —", " – ", " - ", "，", "；", "（", " and ", " so ", " since ", " because ", " as ", " which ", " where ",
            " when ", " with ", " meaning ", " giving ", " if ", " for ", " in total", " in all", " altogether", " but ", " by ", " after ",
            " due ", " while ",
    ];

    // What makes the rest of a sentence take back the answer before it, when another one follows.
    private static readonly string[] Hedges = ["or", "but", "maybe", "perhaps", "possibly", "alternatively", "actually", "wait", "no",
        "oder", "ou", "或", "或者", "也可能"];

    /// <summary>Where the text goes on that takes an answer back; 0 when none does.</summary>
    public int Retracted { get; private set; }

    /// <summary>
    /// The answer after the last phrase that mathematics follows; where none does, the words after the last phrase. <see cref="Nothing"/>
    /// when the text takes it back.
    /// </summary>
    public string? Find(string text)
    {
        foreach (var rest in AnswerPhrases.Marked(text))
        {
            if (!IsHeading(rest) && Stated(AnswerPhrases.Line(rest)) is { } marked) return marked;
        }
        var all = AnswerPhrases.All(text).ToList();
        // "64? No, 46."
        if (all.Count > 0 && AnswerPhrases.IsQuestion(all[0]) && AnswerPhrases.Sentence(all[0]).Length is var asked
            && Corrected(all[0], asked) is { Length: > 0 } turned) return turned;
        var rests = all.Where(rest => !AnswerPhrases.IsQuestion(rest) && Commitments.IsStated(text, text.Length - rest.Length)).ToList();
        foreach (var rest in rests)
        {
            if (Exclusion(rest) is { } exclusion) return exclusion;
            var start = text.Length - rest.Length;
            var sentence = AnswerPhrases.Sentence(rest);
            if (AnswerPhrases.IsReported(rest)) return Nothing;
            if (Stated(sentence, out var length) is { } stated)
                return Commitments.IsUndone(text, start + length) ? Corrected(text, start + length) : stated;
            if (AnswerPhrases.IsCorrected(rest.AsSpan(sentence.Length))) return Corrected(text, start + sentence.Length);
            if (HasUnreadableFormula(sentence)) return AnswerExtractor.Clean(sentence);
        }
        foreach (var rest in rests)
        {
            var start = text.Length - rest.Length;
            if (Within(AnswerPhrases.Sentence(rest)) is not { } within) continue;
            var at = text.IndexOf(within, start, StringComparison.Ordinal);
            return at < 0 || Commitments.Hold(text, at, at + within.Length) ? within : Corrected(text, at + within.Length);
        }
        if (AnswerPhrases.Marked(text).FirstOrDefault() is { } last && last.IndexOf('\n', StringComparison.Ordinal) < 0 && !IsHeading(last)
            && InWords(last) is { } name) return name;
        foreach (var rest in rests)
        {
            if (InWords(AnswerPhrases.Sentence(rest)) is { } words) return words;
        }
        return null;
    }

    // What a text turns to that takes its answer back: "31, no wait, 37".
    private string Corrected(string text, int end)
    {
        var rest = text[end..];
        if (Retractions.Correction(rest) is { } value && Stated(AnswerPhrases.Sentence(rest[value..]), out var length) is { } corrected
            && !Commitments.IsUndone(rest, value + length)) return corrected;
        Retracted = end;
        return Nothing;
    }

    /// <summary>Whether a parsed text is prose, in part or whole.</summary>
    public static bool IsProse(Node node) => node switch
    {
        Words => true,
        Sequence several => several.Items.Any(IsProse),
        Measured measured => measured.Unit.Count(c => c == ' ') > 12,
        _ => false,
    };

    // "not A but B" is B; "not A" says what the answer is not.
    private string? Exclusion(string rest)
    {
        var sentence = AnswerPhrases.Sentence(rest);
        if (Negations.Instead(sentence) is { } instead && Stated(instead) is { } chosen) return chosen;
        if (LastNumbers.First(sentence) is { } number && sentence[number.End.Value..] is var after
            && (Negations.DenialAfter(after) >= 0 || Negations.IsOpenAfter(after))) return Nothing;
        if (!rest.StartsWith("not ", StringComparison.OrdinalIgnoreCase)) return null;
        foreach (var turn in (ReadOnlySpan<string>)[" but ", ", it is ", " but rather ", "; it is "])
        {
            if (sentence.LastIndexOf(turn, StringComparison.OrdinalIgnoreCase) is var at and > 0
                && Stated(sentence[(at + turn.Length)..]) is { } stated) return stated;
        }
        return AnswerExtractor.Clean(sentence);
    }

    // The mathematics that a sentence begins with: all of it, or up to where the sentence goes on.
    private string? Stated(string sentence) => Stated(sentence, out _);

    private string? Stated(string sentence, out int length)
    {
        length = sentence.Length;
        if (Mathematics(sentence) is { } whole) return whole;
        foreach (var cut in Cuts(sentence))
        {
            if (IsStatement(sentence, cut) || IsInferred(sentence.AsSpan(0, cut))) continue;
            if (Mathematics(sentence[..cut]) is not { } stated) continue;
            var rest = sentence.AsSpan(cut);
            length = cut;
            return Retractions.Correction(sentence[cut..]) is null && TakenBack(rest) || StatedNumbers.IsDenied(rest)
                || OthersClaims.IsTakenBack(rest)
                ? AnswerExtractor.Clean(sentence) : stated;
        }
        if (MathDelimiters.Leading(sentence) is not { } formula || TakenBack(sentence.AsSpan(formula.Length))) return null;
        length = formula.Length;
        return Mathematics(formula);
    }

    // "I and III only": letters that an "and" joins are one answer.
    private static bool IsStatement(string sentence, int cut) => cut <= MaxNumeral && sentence.AsSpan(0, cut).Trim() is { Length: > 0 } name
        && !name.ContainsAnyExceptInRange('A', 'Z') && string.CompareOrdinal(sentence, cut, " and ", 0, 5) == 0;

    // "15 per month, so 30": what follows from the answer is no part of it.
    private static bool IsInferred(ReadOnlySpan<char> piece)
    {
        foreach (var word in (ReadOnlySpan<string>)[", so ", ", hence ", ", thus ", ", therefore ", ", which ", ", because ", ", since "])
            if (piece.Contains(word, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    private string? Mathematics(string text)
    {
        var clean = AnswerExtractor.Clean(text);
        return clean.Length is > 0 and <= AnswerExtractor.MaxAnswerLength && parse(clean) is { } node && !IsProse(node)
            && !ModifyingNumbers.Opens(clean) ? clean : null;
    }

    private static IEnumerable<int> Cuts(string sentence)
    {
        var cuts = new SortedSet<int>();
        if (sentence.Length > MaxCutSentence) sentence = sentence[..MaxCutSentence];
        foreach (var clause in Clauses)
        {
            for (var at = 0; (at = sentence.IndexOf(clause, at, StringComparison.Ordinal)) >= 0
                && cuts.Count < 4 * MaxCuts; at += clause.Length) if (at > 0) cuts.Add(at);
        }
        return cuts.Take(MaxCuts).Reverse();
    }

    private static bool TakenBack(ReadOnlySpan<char> rest) => HasHedge(rest, after => after.IndexOfAnyInRange('0', '9') >= 0);

    private static bool HasHedge(ReadOnlySpan<char> rest, Follows counts)
    {
        foreach (var hedge in Hedges)
        {
            for (var at = 0; at < rest.Length && rest[at..].IndexOf(hedge, StringComparison.OrdinalIgnoreCase) is var found
                and >= 0; at += found + hedge.Length)
            {
                var (start, end) = (at + found, at + found + hedge.Length);
                var alone = hedge[0] > 127 || (start == 0 || !char.IsLetter(rest[start - 1]))
                    && (end == rest.Length || !char.IsLetter(rest[end]));
                if (alone && counts(rest[end..])) return true;
            }
        }
        return false;
    }

    // What a sentence says later: "that the number of clips is 72".
    private string? Within(string sentence)
    {
        if (HasUnreadableFormula(sentence)) return null;
        var clean = AnswerExtractor.Clean(sentence);
        foreach (var verb in (ReadOnlySpan<string>)[" is ", " are ", " = "])
        {
            if (clean.LastIndexOf(verb, StringComparison.Ordinal) is var at and > 0
                && Stated(clean[(at + verb.Length)..]) is { } stated) return stated;
        }
        return LastNumbers.First(clean) is { } number && !Another(clean.AsSpan(number.End.Value))
            && !LastNumbers.IsBound(clean, number) && !ModifyingNumbers.IsAt(clean, number)
            ? clean[number] : null;
    }

    // Whether a second number follows at once: "42 43" says neither.
    private static bool Another(ReadOnlySpan<char> rest) => rest.StartsWith(" ", StringComparison.Ordinal)
        && rest.TrimStart() is [>= '0' and <= '9', ..];

    // Words that say of an answer that it is one, and not what it is.
    private static readonly HashSet<string> Descriptions = new(StringComparer.OrdinalIgnoreCase)
    {
        "unique", "correct", "right", "valid", "verified", "confirmed", "checked", "clear", "obvious", "certain", "exact", "final", "known",
            "given", "shown", "found", "consistent", "reasonable", "plausible", "sensible", "simple", "surprising", "expected", "this",
            "above", "below", "indeed", "also", "therefore", "thus", "now", "as", "not", "very", "quite",
    };

    private string? InWords(string sentence)
    {
        if (sentence.Split([' ', ',', '.', '!'], StringSplitOptions.RemoveEmptyEntries).All(Descriptions.Contains)
            || ModifyingNumbers.Opens(AnswerExtractor.Clean(sentence))) return null;
        // "$\text{Paris}$, as claimed"
        if (MathDelimiters.Leading(sentence) is { } formula && AnswerExtractor.Clean(formula) is { Length: > 0 } named
            && parse(named) is Words
            && !HasHedge(sentence.AsSpan(formula.Length), _ => true)) return named;
        var clean = AnswerExtractor.Clean(sentence);
        var cuts = Cuts(clean).ToList();
        var goesOn = cuts.Exists(cut => clean[cut] == ' ' && cut + 1 < clean.Length && char.IsLetter(clean[cut + 1])
            && string.CompareOrdinal(clean, cut, " and ", 0, 5) != 0);
        foreach (var cut in goesOn ? cuts : cuts.Prepend(clean.Length))
        {
            if (AnswerExtractor.Clean(clean[..cut]) is { Length: > 0 and <= AnswerExtractor.MaxAnswerLength } words
                && (cut < clean.Length || parse(words) is not null) && words.Count(c => c == ' ') <= 6) return words;
        }
        return null;
    }

    private bool HasUnreadableFormula(string sentence) => MathDelimiters.Contents(sentence).Any(formula =>
        parse(AnswerExtractor.Clean(formula)) is null);

    // A line of Markdown such as "#### 2. The second case".
    private static bool IsHeading(string rest)
    {
        var i = 0;
        while (i < rest.Length && char.IsAsciiDigit(rest[i])) i++;
        return i > 0 && i + 2 < rest.Length && rest[i] is '.' or ')' && rest[i + 1] == ' ' && char.IsLetter(rest[i + 2]);
    }
}
