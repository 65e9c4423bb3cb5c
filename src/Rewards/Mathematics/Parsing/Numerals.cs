using System.Collections.Frozen;
using System.Globalization;
using R1Cloud.Rewards.Mathematics.Numbers;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>
/// Numbers in words, English and Chinese: <c>forty-two</c>, <c>two thirds</c>, <c>three and a half million</c>, <c>twenty-first</c>,
/// <c>二十五</c>, <c>三分之二</c>.
/// </summary>
internal static class Numerals
{
    private const int MaxWords = 20;

    // What may stand before a count in one run of characters: 共有六种.
    private static readonly string[] Introductions = ["答案是", "答案为", "一共有", "总共有", "共有", "一共", "总共", "有", "共", "是", "为"];

    private static readonly FrozenDictionary<string,
        int> Small =
            Numbered("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
                + "eighteen nineteen", 0, 1);
    private static readonly FrozenDictionary<string, int> Tens = Numbered("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10);
    private static readonly FrozenDictionary<string,
        int> SmallOrdinals =
            Numbered("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
                + "sixteenth seventeenth eighteenth nineteenth", 1, 1);
    private static readonly FrozenDictionary<string,
        int> TenOrdinals = Numbered("twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth", 20, 10);

    private static readonly FrozenDictionary<string, Rational> Magnitudes = new Dictionary<string, Rational>(StringComparer.Ordinal)
    {
        ["hundred"] = 100, ["thousand"] = 1000, ["million"] = 1_000_000, ["billion"] = 1_000_000_000,
            ["trillion"] = ((Rational)10).Power(12), ["quadrillion"] = ((Rational)10).Power(15),
        ["dozen"] = 12, ["score"] = 20, ["lakh"] = 100_000, ["crore"] = 10_000_000, ["百"] = 100, ["千"] = 1000, ["万"] = 10_000,
            ["亿"] = 100_000_000, ["萬"] = 10_000, ["億"] = 100_000_000,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What a word such as million or dozen multiplies a number by, or null.</summary>
    public static Rational? Magnitude(string word)
    {
        var lower = word.ToLowerInvariant();
        if (Magnitudes.TryGetValue(lower, out var value)) return value;
        return lower.EndsWith('s') && lower is not "scores" && Magnitudes.TryGetValue(lower[..^1], out value) ? value : null;
    }

    /// <summary>Replaces words that name a number by the number.</summary>
    public static void Rewrite(List<Token> tokens, WorkBudget budget)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Kind is not TokenKind.Word && !IsArticle(tokens, i)) continue;
            budget.Step();
            SplitCounted(tokens, i);
            var (value, length) = Read(tokens, i);
            if (length == 0) continue;
            var space = tokens[i].SpaceBefore;
            if (IsRepeated(tokens, i, length, value))
            {
                tokens.RemoveRange(i - 1, length + 2);
                i--;
                continue;
            }
            tokens.RemoveRange(i, length);
            var below = value.Denominator.ToString(CultureInfo.InvariantCulture);
            var above = value.Numerator.ToString(CultureInfo.InvariantCulture);
            if (value.Sign < 0)
            {
                tokens.Insert(i++, new(TokenKind.Operator, "-", space));
                above = above[1..];
            }
            if (value.IsInteger) tokens.Insert(i, new(TokenKind.Number, above, space));
            else
            {
                tokens.InsertRange(i,
                [
                    new(TokenKind.Command, "frac", space), new(TokenKind.GroupOpen, "{"), new(TokenKind.Number, above),
                        new(TokenKind.GroupClose, "}"),
                    new(TokenKind.GroupOpen, "{"), new(TokenKind.Number, below), new(TokenKind.GroupClose, "}"),
                ]);
                i += 6;
            }
        }
    }

    // 五个 is a number and a measure word, 二十元 a number and a unit.
    private static void SplitCounted(List<Token> tokens, int at)
    {
        var text = tokens[at].Text;
        if (text[0] < 0x2E80 || text.Length > 16 || Chinese(text) is not null) return;
        if (Array.Find(Introductions, words => text.StartsWith(words, StringComparison.Ordinal)) is { } start) text = text[start.Length..];
        for (var cut = Math.Min(text.Length - 1, 12); cut > 0; cut--)
        {
            if (Chinese(text[..cut]) is null || !MeasureWords.Follows(text[cut..])) continue;
            tokens[at] = tokens[at] with { Text = text[..cut] };
            tokens.Insert(at + 1, new(TokenKind.Word, text[cut..]));
            return;
        }
    }

    // Whether the words say in brackets what stands before them in digits: 36 (thirty-six).
    private static bool IsRepeated(List<Token> tokens, int at, int length, Rational value) =>
        at > 1 && tokens[at - 1].Is(TokenKind.Open, "(") && tokens[at + length].Is(TokenKind.Close, ")")
        && tokens[at - 2] is { Kind: TokenKind.Number, Text.Length: < 40 } digits
        && !digits.Text.Contains('e', StringComparison.OrdinalIgnoreCase) && Rational.Parse(digits.Text) == value;

    /// <summary>The number that a text names, or null.</summary>
    public static Rational? TryParse(string text)
    {
        var words = text.Split([' ', '-'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is 0 or > MaxWords) return null;
        List<Token> tokens = [.. words.Select(word => new Token(TokenKind.Word, word)), new Token(TokenKind.End, "")];
        var (value, length) = Read(tokens, 0);
        return length == words.Length ? value : null;
    }

    // The number at a place and how many tokens it takes; 0 when there is none.
    private static (Rational Value, int Length) Read(List<Token> tokens, int start)
    {
        var follows = start > 0 && tokens[start - 1].Kind is TokenKind.Number or TokenKind.GroupClose;
        if (follows && Magnitude(tokens[start].Text) is not null) return default; // 3 million: the parser multiplies
        if (tokens[start].Text[0] >= 0x2E80) return Chinese(tokens[start].Text) is { } ideographs ? (ideographs, 1) : default;
        Rational total = 0, group = 0;
        var at = start;
        var length = 0;
        var last = 0; // the size of the last word: units follow tens
        for (; at < tokens.Count && at - start < MaxWords; at++)
        {
            var word = tokens[at].Text.ToLowerInvariant();
            if (tokens[at] is { Kind: TokenKind.Operator, Text: "-" } && length > 0 && tokens[at + 1].Kind is TokenKind.Word) continue;
            if (tokens[at].Kind is not TokenKind.Word) break;
            if (word is "and" && length > 0 && (tokens[at + 1].Kind is TokenKind.Word || IsArticle(tokens, at + 1)))
            {
                if (Half(tokens, at + 1) is var (part, size) && size > 0) return (total + group + part, at + 1 + size - start);
                // "one hundred and five", but "five and six" are two numbers.
                if (last < 100 || !IsSmall(tokens[at + 1].Text)) break;
                continue;
            }
            if (Small.TryGetValue(word, out var small) && (last is 0 or >= 100 || last is >= 20 and < 100 && small is > 0 and < 10)) (group,
                last) = (group + small, small is 0 ? 1 : Math.Min(small, 19));
            else if (Tens.TryGetValue(word, out var ten) && last is 0 or >= 100) (group, last) = (group + ten, ten);
            else if (Magnitude(word) is { } magnitude && (length > 0 || word.EndsWith("hundred", StringComparison.Ordinal) is false
                && word is not ("score" or "百" or "千")))
            {
                if (length == 0) break; // "million" alone is a word
                if (magnitude == 100) (group, last) = (group * 100, 100);
                else (total, group, last) = (total + (group * magnitude), 0, 1000);
            }
            else
            {
                var (fraction, used) = Fraction(tokens, at, length > 0 ? total + group : null, last);
                if (used > 0) return (fraction, at + used - start);
                break;
            }
            length = at + 1 - start;
        }
        if (length > 0) return (total + group, length);
        var (half, halfLength) = Half(tokens, start);
        return halfLength > 0 ? (half, halfLength) : default;
    }

    // The article of "a half", which the lexer takes for a symbol.
    private static bool IsArticle(List<Token> tokens, int at) => tokens[at] is { Kind: TokenKind.Letter, Text: "a" }
        && tokens[at + 1].Kind is TokenKind.Word;

    private static bool IsSmall(string word) => Small.ContainsKey(word.ToLowerInvariant()) || Tens.ContainsKey(word.ToLowerInvariant());

    // An ordinal, which after a count is the lower part of a fraction: twenty-first, two thirds.
    private static (Rational, int) Fraction(List<Token> tokens, int at, Rational? count, int last)
    {
        var word = tokens[at].Text.ToLowerInvariant();
        var plural = word.EndsWith('s');
        var name = plural ? word[..^1] : word;
        var ordinal = SmallOrdinals.TryGetValue(name, out var small) ? small : TenOrdinals.GetValueOrDefault(name);
        if (name is "half" or "halve") ordinal = 2;
        if (name is "quarter") ordinal = 4;
        if (ordinal == 0) return default;
        if (count is not { } above)
        {
            // Only an ordinal that stands by itself: "the second one" is prose, and seconds are a unit.
            return !plural && name is not ("half" or "quarter") && tokens.Count == at + 2
                && (at == 0 || at == 1 && tokens[0].Text is "the" or "The") ? (ordinal, 1) : default;
        }
        if (name is "second") return default; // 5 seconds
        if (last is >= 20 and < 100 && ordinal < 10 && !plural && name is not ("half" or "quarter"))
        {
            return tokens[at + 1] is { Kind: TokenKind.Word } noun && Vocabulary.Connective(noun.Text) is null ? default
                : (above + ordinal, 1);
        }
        return (above / ordinal, 1);
    }

    // "half", "a half", "a quarter", "a third", "three quarters".
    private static (Rational Value, int Length) Half(List<Token> tokens, int at)
    {
        Rational count = 1;
        var start = at;
        var word = tokens[at].Text.ToLowerInvariant();
        if (word is "a" or "an") at++;
        else if (Small.TryGetValue(word, out var small) && small > 0)
        {
            count = small;
            at++;
        }
        if (tokens[at] is { Kind: TokenKind.Operator, Text: "-" } && at > start) at++;
        if (tokens[at].Kind is not TokenKind.Word) return default;
        var name = tokens[at].Text.ToLowerInvariant();
        if (at == start && name is not "half") return default;
        if (word is "a" && Magnitude(name) is { } magnitude && !name.EndsWith('s')) return (magnitude, at + 1 - start);
        var (value, used) = name is "half" ? (count / 2, 1) : Fraction(tokens, at, count, 1);
        return used > 0 ? (value, at + 1 - start) : default;
    }

    // Chinese numerals, with 点 for the point and 分之 for fractions.
    private static Rational? Chinese(string text)
    {
        if (text is ['负' or '負', ..]) return text.Length > 1 && Chinese(text[1..]) is { } size ? -size : null;
        if (text.IndexOf("分之", StringComparison.Ordinal) is var bar and > 0)
        {
            var below = text[..bar] == "百" ? (Rational?)100 : Chinese(text[..bar]);
            return below is { IsZero: false } denominator && Chinese(text[(bar + 2)..]) is { } above ? above / denominator : null;
        }
        if (text.IndexOf('点', StringComparison.Ordinal) is var point and > 0)
        {
            var digits = text[(point + 1)..].Select(Digit).ToList();
            if (digits.Count == 0 || digits.Any(digit => digit < 0) || Chinese(text[..point]) is not { } whole) return null;
            return digits.Select((digit, place) => digit * ((Rational)10).Power(-1 - place)).Aggregate(whole, (a, b) => a + b);
        }
        if (text.Length > 12) return null;
        Rational total = 0, section = 0, digitBefore = 0;
        var hasDigit = false;
        foreach (var c in text)
        {
            if (Digit(c) is var digit and >= 0)
            {
                // 二〇二四: digits one after the other.
                digitBefore = hasDigit && text.All(other => Digit(other) >= 0) ? (digitBefore * 10) + digit : digit;
                hasDigit = true;
                continue;
            }
            if (!hasDigit && c is not '十') return null;
            Rational? unit = c switch { '十' => 10, '百' => 100, '千' => 1000, '万' or '萬' => 10_000, '亿' or '億' => 100_000_000, _ => null };
            if (unit is not { } size) return null;
            if (size.CompareTo(10_000) < 0) section += (digitBefore.IsZero ? 1 : digitBefore) * size;
            else
            {
                total += (section + digitBefore) * size;
                section = 0;
            }
            (digitBefore, hasDigit) = (0, true);
        }
        return hasDigit ? total + section + digitBefore : null;
    }

    private static int Digit(char c) => c switch { '〇' or '零' => 0, '两' or '兩' => 2, _ =>
        "〇一二三四五六七八九".IndexOf(c, StringComparison.Ordinal) };

    private static FrozenDictionary<string, int> Numbered(string words, int first, int step) =>
        words.Split(' ').Select((word, index) => (word, value: first + (index * step))).ToFrozenDictionary(item => item.word, item =>
            item.value, StringComparer.Ordinal);
}
