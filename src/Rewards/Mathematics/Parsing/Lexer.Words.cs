using System.Globalization;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <content>Runs of letters: words, units, functions, or symbols side by side.</content>
internal sealed partial class Lexer
{
    private static readonly System.Buffers.SearchValues<char> Vowels = System.Buffers.SearchValues.Create("aeiouy");

    private void Letters(int end, bool inText)
    {
        var start = at;
        if (!IsWordLetter(text[at]))
        {
            at++;
            Add(TokenKind.Letter, text[start] switch { 'ϵ' => "ε", 'ϕ' => "φ", 'ϑ' => "θ", var c => c.ToString() });
            return;
        }
        var ideographs = IsIdeograph(text[at]);
        // A Chinese magnitude or connective between numbers is a word of its own.
        if (ideographs && !(tokens.Count > 0 && tokens[^1].Kind is TokenKind.Word)
            && (Vocabulary.Connective(text[at].ToString()) is not null || tokens.Count > 0 && tokens[^1].Kind is TokenKind.Number
                && text[at] is '万' or '亿' or '千' or '百' && !IsUnitAt(at, end) || text[at] is '负' && at + 1 < end
                && char.IsAsciiDigit(text[at + 1]))) at++;
        else while (at < end && IsWordLetter(text[at]) && IsIdeograph(text[at]) == ideographs) at++;
        // Hyphens and apostrophes inside of words belong to them.
        while (inText && at + 1 < end && text[at] is '-' or '\'' or '’' && IsWordLetter(text[at + 1]))
        {
            at++;
            while (at < end && IsWordLetter(text[at])) at++;
        }
        // A contraction: it's, that's, don't.
        if (!inText && at - start >= 2 && at + 1 < end && text[at] is '\'' or '’' && char.IsAsciiLetterLower(text[at + 1])
            && (at + 2 >= end || !char.IsLetter(text[at + 2]) && text[at + 2] != '('))
        {
            at += 2;
            Add(TokenKind.Word, text[start..at].Replace('’', '\''));
            return;
        }
        LetterRun(text[start..at], inText);
    }

    // Whether the ideographs there are a unit, such as 千克.
    private bool IsUnitAt(int start, int end)
    {
        var stop = start;
        while (stop < end && IsWordLetter(text[stop]) && IsIdeograph(text[stop])) stop++;
        return Units.IsKnown(text[start..stop]);
    }

    // Whether after the unit of one letter a number with a smaller unit follows: 1 h 30 min.
    private bool CompoundFollows(string unit)
    {
        if (tokens.Count == 0 || tokens[^1].Kind is not TokenKind.Number || !Units.IsKnown(unit)) return false;
        var i = at;
        while (i < text.Length && text[i] == ' ') i++;
        var digits = i;
        while (i < text.Length && (char.IsAsciiDigit(text[i]) || text[i] == '.')) i++;
        if (i == digits) return false;
        while (i < text.Length && text[i] == ' ') i++;
        var start = i;
        while (i < text.Length && char.IsLetter(text[i])) i++;
        return i > start && Units.IsKnown(text[start..i]) && Units.Parse(text[start..i]).IsLike(Units.Parse(unit));
    }

    // Whether a longer word follows, so that letters are a word too: "see above".
    private bool ProseFollows(string run)
    {
        if (Vocabulary.Functions.ContainsKey(run) || Vocabulary.Letters.ContainsKey(run) || Vocabulary.Connective(run) is not null
            || at + 4 >= text.Length || text[at] != ' ') return false;
        var i = at + 1;
        while (i < text.Length && char.IsAsciiLetterLower(text[i])) i++;
        return i - at > 4 && !Vocabulary.Functions.ContainsKey(text[(at + 1)..i]) && !Vocabulary.Letters.ContainsKey(text[(at + 1)..i]);
    }

    private static bool IsIdeograph(char c) => c >= 0x2E80;

    private static bool IsWordLetter(char c) => (char.IsLetter(c)
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark && c > 0x370)
        && c is not (>= 'Α' and <= 'ώ') and not (>= 'ϐ' and <= 'ϵ') && char.GetUnicodeCategory(c) != UnicodeCategory.OtherSymbol;

    private void LetterRun(string run, bool inText)
    {
        var lower = run.ToLowerInvariant();
        if (run is "sqrt" or "cbrt") Add(TokenKind.Command, run);
        else if (run is "nCr" or "nPr" && Follows('(')) Add(TokenKind.Word, run);
        else if (run is "I" && at + 2 < text.Length && text[at] == ' ' && char.IsAsciiLetterLower(text[at + 1])
            && char.IsAsciiLetterLower(text[at + 2])) Add(TokenKind.Word, run);
        else if (run.Length == 1 && CompoundFollows(run) || !inText && run.Length is 2 or 3 && run == lower
            && ProseFollows(run)) Add(TokenKind.Word, run);
        else if ((run.Length > 1 || run[0] > 0x7F || inText) && Vocabulary.Connective(lower) is { } connective) Add(TokenKind.Word,
            connective);
        else if (run is "pct") Add(TokenKind.Percent, "%");
        else if (!inText && Vocabulary.Functions.TryGetValue(run, out var function)
            && run is not ("deg" or "min" or "max" or "sign" or "sec")) Add(TokenKind.Function, function);
        else if (!inText && (Vocabulary.PlainLetters.Contains(run) || lower is "pi" or "infinity")
            && Vocabulary.Letters.TryGetValue(lower, out var letter)) Add(TokenKind.Letter, letter);
        else if (lower is "am" or "pm" && tokens.Count > 0 && tokens[^1].Kind is TokenKind.Number) Add(TokenKind.Word, lower);
        else if (run is "mod") Add(TokenKind.Command, "bmod");
        else if (inText && MicroUnit(run)) return;
        else if (run.Length == 1 && !IsIdeograph(run[0])) Add(inText && FollowsAmount()
            && Units.IsKnown(run) ? TokenKind.Word : TokenKind.Letter, run);
        else if (inText || IsIdeograph(run[0]) || IsWord(run, lower) || run.Length == 3 && char.IsUpper(run[0])
            && run.AsSpan(1).IndexOfAny(Vowels) >= 0 && lower[1..] == run[1..] && FunctionPrefix(lower) is null) Add(TokenKind.Word, run);
        else if (FunctionPrefix(run) is { } prefix)
        {
            Add(TokenKind.Function, Vocabulary.Functions[prefix]);
            LetterRun(run[prefix.Length..], inText);
        }
        else if (run.Length > 1 && !run.All(char.IsAscii)) Add(TokenKind.Word, run);
        else if (run.Length > 3 && !(run.Length <= 5 && run.All(char.IsAsciiLetterUpper))) Add(TokenKind.Word, run);
        else
        {
            foreach (var c in run) Add(TokenKind.Letter, c.ToString());
        }
    }

    // 5 \mu\text{m}: the Greek letter behind a number belongs to the unit.
    private bool MicroUnit(string run)
    {
        if (tokens is not [.., { Kind: TokenKind.Number or TokenKind.GroupClose }, { Kind: TokenKind.Letter, Text: "μ" }]
            || !Units.IsUnit("μ" + run)) return false;
        tokens[^1] = new(TokenKind.Word, "μ" + run, SpaceBefore: true);
        return true;
    }

    private bool IsWord(string run, string lower) =>
        run.Length > 1 && (space && tokens.Count > 0 && tokens[^1].Kind is TokenKind.Word && tokens[^1].Text is not ("and" or "or")
            || Vocabulary.ShortWords.Contains(lower) && (!Follows('^') || Units.IsKnown(run)) // Be^x is a product
            && (run == lower || run.Length > 2 || run.All(char.IsUpper) == false)
            || Units.IsKnownRun(run) && tokens.Count > 0 && tokens[^1].Kind is TokenKind.Number or TokenKind.GroupClose or TokenKind.Close
                or TokenKind.Word && (space || run.Length > 1));

    private static string? FunctionPrefix(string run)
    {
        foreach (var name in (ReadOnlySpan<string>)["arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "sin", "cos", "tan", "cot", "sec",
            "csc", "log", "ln"])
        {
            if (run.StartsWith(name, StringComparison.Ordinal) && run.Length - name.Length is 1 or 2) return name;
        }
        return null;
    }
}
