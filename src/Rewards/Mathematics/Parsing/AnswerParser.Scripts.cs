using System.Globalization;
using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <content>Subscripts and what else stands around letters and digits: bases, numbers of choices.</content>
internal sealed partial class AnswerParser
{
    // Digits above 9 before a base: 2A_{16}.
    private Call? LongDigits()
    {
        var (i, digits) = (at, "");
        for (; tokens[i].Kind is TokenKind.Number or TokenKind.Letter or TokenKind.Word && (i == at || !tokens[i].SpaceBefore); i++)
        {
            if (!tokens[i].Text.All(c => char.IsAsciiDigit(c) || c is >= 'A' and <= 'F' or >= 'a' and <= 'f')) return null;
            digits += tokens[i].Text;
        }
        if (digits.Length is < 1 or > 40 || digits.All(char.IsAsciiDigit)
            || !(tokens[i].Kind is TokenKind.Underscore || tokens[i].Is(TokenKind.Word, "base"))) return null;
        var isSmall = digits.Any(char.IsAsciiLetterLower);
        var braced = tokens[i + 1].Kind is TokenKind.GroupOpen;
        var name = tokens[i + (braced ? 2 : 1)];
        if (name.Kind is not TokenKind.Number || !int.TryParse(name.Text, CultureInfo.InvariantCulture, out var radix)
            || radix is <= 10 or > 16 || isSmall && radix != 16
            || digits.Length == 1 && (isSmall || radix != 16)) return null; // 2a_{12} is a product, a_{16} and A_{12} are names
        digits = digits.ToUpperInvariant();
        if (braced && tokens[i + 3].Kind is not TokenKind.GroupClose) return null;
        at = i + (braced ? 4 : 2);
        var value = digits.Aggregate(Rational.Zero, (sum, digit) =>
            (sum * radix) + (char.IsAsciiDigit(digit) ? digit - '0' : digit - 'A' + 10));
        return new Call("base", [new Words(digits), new Number(radix), new Number(value)]);
    }

    // 10C3 and 10P3, written without spaces; nCr and nPr of letters are products.
    private Call? ChooseInLetters()
    {
        if (Now.Kind is not TokenKind.Number || tokens[at + 1] is not { Kind: TokenKind.Letter, Text: "C" or "P", SpaceBefore: false }
            || tokens[at + 2] is not { Kind: TokenKind.Number, SpaceBefore: false }) return null;
        var (n, letter, k) = (ToNumber(Now.Text), tokens[at + 1].Text, ToNumber(tokens[at + 2].Text));
        at += 3;
        return new Call("fn " + letter, [n, k]);
    }

    // _{10}C_3, {}^{10}P_3: what stands before the letter belongs to it.
    private Call PrefixScript()
    {
        at++;
        var n = Now.Kind is TokenKind.GroupOpen ? Argument() : Primary(exponent: true);
        if (Now.Kind is TokenKind.GroupOpen && tokens[at + 1].Kind is TokenKind.GroupClose) at += 2;
        if (Now is not { Kind: TokenKind.Letter, Text: "C" or "P" or "A" }) throw new NotMathException();
        var letter = Now.Text == "A" ? "P" : Now.Text;
        at++;
        if (Now.Kind is not (TokenKind.Underscore or TokenKind.Caret)) throw new NotMathException();
        at++;
        return new Call("fn " + letter, [n, Now.Kind is TokenKind.GroupOpen ? Argument() : Primary(exponent: true)]);
    }

    // C_{10}^3: of whole numbers, the upper not above the lower.
    private Call? ScriptedChoice()
    {
        if (tokens[at - 1] is not { Kind: TokenKind.Letter, Text: "C" or "P" or "A" } || Now.Kind is not TokenKind.Underscore) return null;
        var start = at;
        var letter = tokens[at - 1].Text == "C" ? "C" : "P";
        if (Script(TokenKind.Underscore) is { } n && Script(TokenKind.Caret) is { } k
            && IsChoice(n, k)) return new Call("fn " + letter, [n, k]);
        at = start;
        return null;

        Node? Script(TokenKind kind)
        {
            if (Now.Kind != kind || tokens[at + 1].Kind is not (TokenKind.Number or TokenKind.Letter or TokenKind.GroupOpen)) return null;
            at++;
            return Now.Kind is TokenKind.GroupOpen ? Argument() : Primary(exponent: true);
        }

        static bool IsChoice(Node n, Node k) =>
            n is Number { Value.IsInteger: true } above && k is Number { Value.IsInteger: true } below && above.Value.CompareTo(2) >= 0
                && below.Value.CompareTo(above.Value) <= 0
            || n is Symbol { Name: "n" or "m" } && k is Symbol { Name: "k" or "r" or "m" };
    }

    private Node Subscript(Node node)
    {
        if (node is Symbol indexed && IsComputed())
        {
            // a_{n+1}: the index has a value.
            at++;
            var index = Items(TokenKind.GroupClose) ?? throw new NotMathException();
            Expect(TokenKind.GroupClose, "}");
            return new Call("at " + indexed.Name, [index]);
        }
        // The text names the symbol: what it would mean as a formula does not matter.
        var name = "";
        var depth = 0;
        do
        {
            budget.Step();
            if (Now.Kind is TokenKind.End) throw new NotMathException();
            if (Now.Kind is TokenKind.GroupOpen) depth++;
            else if (Now.Kind is TokenKind.GroupClose) depth--;
            else name += Now.Text;
            at++;
        }
        while (depth > 0);
        if (name.Length > 60) throw new NotMathException();
        if (node is Number { Decimals: >= 0 and < 40 } digits && Radix(name) is { } radix) return InBase(digits, new Number(radix));
        return node switch
        {
            NamedSet { Name: "ℝ" } => name switch
            {
                ">0" or "+" => new NamedSet("ℝ+"),
                "<0" or "-" => new NamedSet("ℝ-"),
                "≥0" => new Interval(Number.Zero, Symbol.Infinity, true, false),
                "≤0" => new Interval(Tree.Negate(Symbol.Infinity), Number.Zero, false, true),
                _ => new Call("sub " + name, [node]),
            },
            Symbol symbol => new Symbol($"{symbol.Name}_{name}"),
            Call call => new Call($"{call.Function}_{name}", call.Arguments),
            Words words => new Words($"{words.Text}_{name}"),
            _ => new Call("sub " + name, [node]),
        };
    }

    // Whether the subscript is an expression of letters and signs, as in a_{n-1}, rather than a name.
    private bool IsComputed()
    {
        if (Now.Kind is not TokenKind.GroupOpen) return false;
        bool sign = false, letter = false;
        for (var i = at + 1; tokens[i].Kind is not TokenKind.GroupClose; i++)
        {
            if (tokens[i].Kind is not (TokenKind.Letter or TokenKind.Number or TokenKind.Operator or TokenKind.Open
                or TokenKind.Close)) return false;
            sign |= tokens[i].Kind is TokenKind.Operator && i > at + 1;
            letter |= tokens[i].Kind is TokenKind.Letter;
        }
        return sign && letter;
    }

    // The base that a subscript names: 8, (8), base 8, or null.
    private static Rational? Radix(string name)
    {
        var bare = name.Replace("base", "", StringComparison.Ordinal).Trim('(', ')');
        return bare.Length is 1 or 2 && bare.All(char.IsAsciiDigit) ? Rational.Parse(bare) : null;
    }

    // A number in a base, such as 1011_2: its digits, the base, and its value when the digits fit.
    private static Call InBase(Number number, Number radix)
    {
        var shift = ((Rational)10).Power(number.Decimals);
        var digits = (number.Value * shift).Numerator.ToString(CultureInfo.InvariantCulture);
        var written = new Call("base", [number, radix]);
        if (radix.Value.CompareTo(2) < 0 || radix.Value.CompareTo(36) > 0 || digits.Length > 200) return written;
        Rational value = Rational.Zero;
        foreach (var digit in digits)
        {
            if (((Rational)(digit - '0')).CompareTo(radix.Value) >= 0) return written;
            value = (value * radix.Value) + (digit - '0');
        }
        return new Call("base", [number, radix, new Number(value / radix.Value.Power(number.Decimals))]);
    }
}
