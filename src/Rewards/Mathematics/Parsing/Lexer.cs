using System.Globalization;
using System.Text;
using R1Cloud.Rewards.Mathematics.Numbers;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>How numbers are written.</summary>
/// <param name="ThousandsComma">Whether <c>1,234</c> outside of brackets is one number rather than two.</param>
/// <param name="DecimalComma">Whether <c>0,5</c> is one half.</param>
internal readonly record struct NumberStyle(bool ThousandsComma, bool DecimalComma);

/// <summary>Cuts an answer in LaTeX, plain notation or a mixture into tokens.</summary>
internal sealed partial class Lexer
{
    private const string Superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹", Subscripts = "₀₁₂₃₄₅₆₇₈₉";
    private readonly string text;
    private readonly WorkBudget budget;
    private readonly NumberLexer numbers;
    private readonly List<Token> tokens = [];
    private int at;
    private int brackets;
    private bool space;

    private Lexer(string text, NumberStyle style, WorkBudget budget) =>
        (this.text, this.budget, numbers) = (text = text.Replace('µ', 'μ'), budget, new NumberLexer(text, style));

    /// <summary>All tokens, the last of them <see cref="TokenKind.End"/>.</summary>
    public static List<Token> Read(string text, NumberStyle style, WorkBudget budget)
    {
        var lexer = new Lexer(text, style, budget);
        lexer.Run(text.Length, inText: false);
        lexer.Add(TokenKind.End, "");
        lexer.TimesBetweenNumbers();
        OrdinalMarks.Remove(lexer.tokens);
        Numerals.Rewrite(lexer.tokens, budget);
        lexer.SignsInWords();
        return lexer.tokens;
    }

    private void Run(int end, bool inText)
    {
        while (at < end)
        {
            budget.Step();
            var c = text[at];
            if (c == '.' && inText && at + 1 < end && tokens.Count > 0 && tokens[^1].Kind == TokenKind.Word)
            {
                // An abbreviation: sq. units.
                space = true;
                at++;
            }
            else if (c == '.' && at + 2 < end && text[at + 1] == '.' && text[at + 2] == '.')
            {
                while (at < end && text[at] == '.') at++;
                Add(TokenKind.Letter, Vocabulary.Ellipsis);
            }
            else if (numbers.TryRead(at, end, inBrackets: brackets > 0, out var digits, out var next))
            {
                Add(TokenKind.Number, digits);
                at = next;
            }
            else if (c == '\\') Backslash(end, inText);
            else if (Vocabulary.Characters.TryGetValue(c, out var sign)) Sign(c, sign, inText);
            else if (char.IsWhiteSpace(c) || c is '\u200B' or '\uFEFF')
            {
                space = true;
                at++;
            }
            else if (Superscripts.Contains(c, StringComparison.Ordinal) || c == '⁻') Script(Superscripts, TokenKind.Caret, "^");
            else if (Subscripts.Contains(c, StringComparison.Ordinal)) Script(Subscripts, TokenKind.Underscore, "_");
            else if (CharUnicodeInfo.GetNumericValue(c) is var value and > 0 && char.GetUnicodeCategory(c) == UnicodeCategory.OtherNumber
                && value < 1) VulgarFraction(value);
            else if (char.IsLetter(c)) Letters(end, inText);
            else if (char.GetUnicodeCategory(c) == UnicodeCategory.MathSymbol && c is not ('∴' or '∵' or '∎' or '~'))
            {
                Add(TokenKind.Letter, c.ToString()); // a sign that nobody knows says something: ¬13 is not 13
                at++;
            }
            else at++;
        }
    }

    // 1.5 x 10^3: the letter is a sign.
    private void TimesBetweenNumbers()
    {
        for (var i = 1; i + 2 < tokens.Count; i++)
        {
            if (tokens[i] is { Kind: TokenKind.Letter, Text: "x" or "X" } && tokens[i - 1].Kind is TokenKind.Number
                && tokens[i + 1].Is(TokenKind.Number, "10") && tokens[i + 2].Kind is TokenKind.Caret)
                tokens[i] = new(TokenKind.Operator, "*");
        }
    }

    // minus 7, negative seven, 2 plus 3, 4 times 5.
    private void SignsInWords()
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Kind is TokenKind.Word && tokens[i].Text is "infinity" or "Infinity")
                tokens[i] = new(TokenKind.Letter, "∞", tokens[i].SpaceBefore);
        }
        for (var i = 0; i + 1 < tokens.Count; i++)
        {
            if (tokens[i].Kind is not TokenKind.Word || !(tokens[i + 1].Kind is TokenKind.Number or TokenKind.Command
                or TokenKind.Letter)) continue;
            var sign = tokens[i].Text.ToLowerInvariant() switch { "minus" or "negative" or "负" => "-",
                "plus" => "+", "positive" when tokens[i + 1].Text is "∞" => "+", "times" when i > 0 =>
                "*", _ => null };
            if (sign is not null) tokens[i] = new(TokenKind.Operator, sign, tokens[i].SpaceBefore);
        }
    }

    private void Add(TokenKind kind, string value)
    {
        tokens.Add(new(kind, value, space));
        space = false;
        if (kind == TokenKind.Open) brackets++;
        else if (kind == TokenKind.Close && brackets > 0) brackets--;
    }

    private void Sign(char c, (TokenKind Kind, string Text) sign, bool inText)
    {
        at++;
        if (c == '~' && (inText || !Follows('='))) space = true; // TeX's unbreakable space
        else if (sign.Kind == TokenKind.Prime
            && (tokens.Count == 0 || tokens[^1].Kind is not (TokenKind.Letter or TokenKind.Close or TokenKind.Prime or TokenKind.Number)))
            space = true;
        else if (c == '*' && Follows('*'))
        {
            at++;
            Add(TokenKind.Caret, "^");
        }
        else if (c is '<' or '>' or '!' or ':' or '=' && Follows('='))
        {
            at++;
            Add(TokenKind.Relation, c switch { '<' => "≤", '>' => "≥", '!' => "≠", _ => "=" });
        }
        else if (c == '=' && Follows('<') || c == '<' && Follows('>') || c == '-' && Follows('>') || c == '=' && Follows('>'))
        {
            at++;
            Add(TokenKind.Relation, c switch { '=' => text[at - 1] == '<' ? "≤" : "⇒", '<' => "≠", _ => "→" });
        }
        else Add(sign.Kind, sign.Text);
    }

    private bool Follows(char c) => at < text.Length && text[at] == c;

    private void Script(string digits, TokenKind kind, string sign)
    {
        var value = new StringBuilder();
        var negative = text[at] == '⁻';
        if (negative) at++;
        while (at < text.Length && digits.IndexOf(text[at], StringComparison.Ordinal) is var digit and >= 0)
        {
            value.Append(digit);
            at++;
        }
        if (value.Length == 0) return;
        Add(kind, sign);
        Add(TokenKind.GroupOpen, "{");
        if (negative) Add(TokenKind.Operator, "-");
        Add(TokenKind.Number, value.ToString());
        Add(TokenKind.GroupClose, "}");
    }

    private void VulgarFraction(double value)
    {
        at++;
        for (var denominator = 2; denominator <= 10; denominator++)
        {
            var numerator = Math.Round(value * denominator);
            if (Math.Abs((numerator / denominator) - value) > 1e-6) continue;
            Add(TokenKind.Command, "frac");
            Add(TokenKind.Number, ((int)numerator).ToString(CultureInfo.InvariantCulture));
            Add(TokenKind.GroupOpen, "{");
            Add(TokenKind.Number, denominator.ToString(CultureInfo.InvariantCulture));
            Add(TokenKind.GroupClose, "}");
            return;
        }
    }

    private void Backslash(int end, bool inText)
    {
        var slashes = 1;
        while (at + slashes < end && text[at + slashes] == '\\') slashes++;
        var start = at + slashes;
        var stop = start;
        while (stop < end && char.IsAsciiLetter(text[stop])) stop++;
        // Doubled backslashes come from escaping twice, unless they break rows.
        if (slashes is 2 or 4 && (stop == start || !IsKnown(text[start..stop])))
        {
            at = start;
            Add(TokenKind.RowBreak, "\\\\");
            return;
        }
        if (slashes >= 3 && slashes % 2 == 1) Add(TokenKind.RowBreak, "\\\\");
        if (stop > start) Named(text[start..stop], start, stop, end);
        else if (start >= end) at = start;
        else
        {
            at = start + 1;
            switch (text[start])
            {
                case '{': Add(TokenKind.Open, "{"); break;
                case '}': Add(TokenKind.Close, "}"); break;
                case '|': Add(TokenKind.Bar, ""); break;
                case '%': Add(TokenKind.Percent, "%"); break;
                case '$': Add(TokenKind.Currency, "$"); break;
                case '(' or ')' or '[' or ']' when !inText: space = true; break; // math delimiters
                default: space = true; break; // \, \! \; \: and other spacing
            }
        }
    }

    private static bool IsKnown(string name) =>
        name.Length > 1
            && (Vocabulary.Functions.ContainsKey(name) || Vocabulary.Letters.ContainsKey(name) || Vocabulary.Signs.ContainsKey(name)
            || Vocabulary.Structures.ContainsKey(name) || Vocabulary.Decorations.Contains(name) || Vocabulary.TextCommands.Contains(name)
                || name is "mathbb" or "Bbb");

    private void Named(string name, int start, int stop, int end)
    {
        at = stop;
        if (name is "Bbb" or "varmathbb") name = "mathbb";
        if (!IsKnown(name) && Enumerable.Range(1, name.Length - 1).Select(cut => name[..^cut]).FirstOrDefault(IsKnown) is { } known)
        {
            // The space after the command was lost: \cotx.
            (name, at) = (known, start + known.Length);
        }

        if (name is "left" or "right" or "middle" && at < end)
        {
            while (at < end && char.IsWhiteSpace(text[at])) at++;
            if (at < end && text[at] == '.') at++;
            else if (at < end && text[at] == '|')
            {
                at++;
                Add(TokenKind.Bar, name switch { "left" => "<", "right" => ">", _ => "mid" });
            }
        }
        else if (Vocabulary.BoldCommands.Contains(name) && UnitVector(end)) return;
        else if (Vocabulary.TextCommands.Contains(name) || name is "mathbb") TextArgument(name, end);
        else if (Vocabulary.Decorations.Contains(name))
        {
            space = true;
            if (name is "quad" or "qquad" && tokens.Exists(token => token.Kind is TokenKind.Relation)
                && NamedValue().IsMatch(text.AsSpan(at, end - at))) Add(TokenKind.Comma, ",");
            if (name is "hspace" or "vspace" or "phantom" or "color") SkipGroup(end);
        }
        else if (Vocabulary.Signs.TryGetValue(name, out var sign)) Add(sign.Kind, sign.Text);
        else if (Vocabulary.Structures.TryGetValue(name, out var structure)) Add(TokenKind.Command, structure);
        else if (Vocabulary.Functions.TryGetValue(name, out var function)) Add(TokenKind.Function, function);
        else if (Vocabulary.Letters.TryGetValue(name, out var letter)) Add(TokenKind.Letter, letter);
        else Add(TokenKind.Letter, name);
    }

    [System.Text.RegularExpressions.GeneratedRegex(@"^[\s\\,;]*[A-Za-z](?:_\{?\w{1,3}\}?)?\s*=")]
    private static partial System.Text.RegularExpressions.Regex NamedValue();

    // A unit vector: a bold i, j or k.
    private bool UnitVector(int end)
    {
        var i = at;
        while (i < end && text[i] == ' ') i++;
        var braced = i < end && text[i] == '{';
        if (braced) i++;
        if (i < end && text[i] == '\\' && i + 2 < end && text.AsSpan(i + 2).StartsWith("math", StringComparison.Ordinal)) i++; // \imath
        if (i >= end || text[i] is not ('i' or 'j' or 'k')) return false;
        var letter = text[i++];
        if (text.AsSpan(i).StartsWith("math", StringComparison.Ordinal)) i += 4;
        if (braced ? i >= end || text[i++] != '}' : i < end && char.IsLetter(text[i])) return false;
        at = i;
        Add(TokenKind.Letter, letter + Vocabulary.Hat);
        return true;
    }

    // Whether what stands before may be measured in a unit.
    private bool FollowsAmount() =>
        tokens.Count > 0 && tokens[^1].Kind is TokenKind.Number or TokenKind.Word or TokenKind.GroupClose || tokens.Count > 1
        && tokens[^1].Kind is TokenKind.Operator && tokens[^2].Kind is TokenKind.Word;

    // The end of the group that begins at a brace, or -1.
    private int GroupEnd(int open, int end)
    {
        var depth = 0;
        for (var i = open; i < end; i++)
        {
            budget.Step();
            if (text[i] == '\\') i++;
            else if (text[i] == '{') depth++;
            else if (text[i] == '}' && --depth == 0) return i;
        }
        return -1;
    }

    private void SkipGroup(int end)
    {
        while (at < end && text[at] is ' ' or '*') at++;
        if (at < end && text[at] == '{' && GroupEnd(at, end) is var close and > 0) at = close + 1;
    }

    private void TextArgument(string name, int end)
    {
        while (at < end && text[at] is ' ' or '*') at++;
        if (at >= end) return;
        if (text[at] != '{' || GroupEnd(at, end) is not (var close and > 0))
        {
            if (name is "mathbb" && Vocabulary.Blackboard.TryGetValue(text[at], out var single))
            {
                at++;
                Add(TokenKind.NamedSet, single);
            }
            return;
        }
        var content = text.AsSpan((at + 1)..close).Trim().Trim('~').Trim();
        if (content.Length == 1 && name is "mathbb" or "mathbf" or "mathds" && Vocabulary.Blackboard.TryGetValue(content[0], out var set)
            && (name is not "mathbf" || content[0] is 'R' or 'Z' or 'N' or 'Q'))
        {
            Add(TokenKind.NamedSet, set);
        }
        else if (Vocabulary.Functions.TryGetValue(content.ToString(), out var function)
            && !(FollowsAmount() && Units.IsKnown(content.ToString()))) Add(TokenKind.Function, function);
        else if (content.Length == 1 && name is not ("text" or "textnormal" or "mbox" or "hbox") && char.IsLetter(content[0])
            && (name is not ("mathrm" or "textrm") || content[0] is 'i' or 'e' or 'd' || !FollowsAmount()))
        {
            Add(TokenKind.Letter, content.ToString());
        }
        else if (content.Length > 0)
        {
            space = true;
            at++;
            budget.Enter();
            Run(close, inText: true);
            budget.Leave();
            space = true;
        }
        at = close + 1;
    }
}
