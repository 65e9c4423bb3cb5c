using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <content>Numbers: decimals that go on, mixed numbers.</content>
internal sealed partial class AnswerParser
{
    private static Number ToNumber(string digits)
    {
        var e = digits.IndexOfAny(['e', 'E']);
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        if (e < 0) return new Number(Rational.Parse(digits), point >= 0) { Decimals = point < 0 ? 0 : digits.Length - point - 1 };
        var power = int.Parse(digits.AsSpan(e + 1), System.Globalization.NumberStyles.AllowLeadingSign,
            System.Globalization.CultureInfo.InvariantCulture);
        return new Number(Rational.Parse(digits.AsSpan(0, e)) * ((Rational)10).Power(power),
            true) { Decimals = (point < 0 ? 0 : e - point - 1) - power };
    }

    private Number NumberOrMixed(bool exponent)
    {
        var token = Now;
        if (token.Text.Length > 2000) throw new WorkLimitException("a number is too long");
        at++;
        var number = ToNumber(token.Text);
        if (exponent) return number;
        if (Repeating(token.Text) is { } repeating) return repeating;
        if (Now.Is(TokenKind.Letter, Vocabulary.Ellipsis) && token.Text.Contains('.', StringComparison.Ordinal))
        {
            at++;
            return Continued(token.Text) ?? number;
        }
        return !number.IsDecimal && Fraction() is { } fraction ? new Number(number.Value + fraction) : number;
    }

    // 0.1666…: the digits that are repeated at the end go on for ever. Null when none are.
    private static Number? Continued(string digits)
    {
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var decimals = digits[(point + 1)..];
        if (decimals.Length > 60 || digits.Contains('e', StringComparison.OrdinalIgnoreCase)) return null;
        for (var period = 1; period <= decimals.Length / 2; period++)
        {
            // The longest tail of that period, at least twice the period long.
            var same = 0;
            while (same < decimals.Length - period && decimals[^(same + 1)] == decimals[^(same + 1 + period)]) same++;
            if (same < period) continue;
            var before = decimals.Length - same - period;
            var block = decimals.Substring(before, period);
            var nines = ((Rational)10).Power(period) - 1;
            return new Number(Rational.Parse(digits.AsSpan(0,
                point + 1 + before)) + (Rational.Parse(block) / nines * ((Rational)10).Power(-before)), IsDecimal: true);
        }
        return null;
    }

    // The digits under a bar after decimals: 0.1\overline{6}.
    private Number? Repeating(string digits)
    {
        var isBar = Now.Kind is TokenKind.Command && Now.Text is "overline" or "bar" or "dot";
        // 0.\overline{3}: the lexer leaves the point for a full stop.
        var point = !digits.Contains('.', StringComparison.Ordinal) && Now.Kind is TokenKind.Period
            && tokens[at + 1].Kind is TokenKind.Command && tokens[at + 1].Text is "overline" or "bar" or "dot";
        if (!point && !(isBar && digits.Contains('.', StringComparison.Ordinal))) return null;
        var i = at + (point ? 2 : 1);
        var braced = tokens[i].Kind is TokenKind.GroupOpen;
        if (braced) i++;
        if (tokens[i].Kind is not TokenKind.Number || !tokens[i].Text.All(char.IsAsciiDigit)
            || digits.Contains('e', StringComparison.OrdinalIgnoreCase)) return null;
        var period = tokens[i].Text;
        if (braced && tokens[i + 1].Kind is not TokenKind.GroupClose || period.Length > 60) return null;
        i += braced ? 2 : 1;
        if (tokens[point ? at + 1 : at].Text == "dot" && period.Length == 1 && LastDot(i) is var (rest, next) && next > i)
            (period, i) = (period + rest, next);
        at = i;
        var shown = point ? digits + "." : digits;
        var decimals = shown.Length - shown.IndexOf('.', StringComparison.Ordinal) - 1;
        var nines = ((Rational)10).Power(period.Length) - 1;
        return new Number(Rational.Parse(shown) + (Rational.Parse(period) / nines * ((Rational)10).Power(-decimals)));
    }

    // What a second dot ends: 0.\dot{1}4285\dot{7}.
    private (string Digits, int Next) LastDot(int i)
    {
        var digits = "";
        if (tokens[i].Kind is TokenKind.Number && tokens[i].Text.All(char.IsAsciiDigit)) digits = tokens[i++].Text;
        if (!tokens[i].Is(TokenKind.Command, "dot")) return ("", 0);
        i++;
        var braced = tokens[i].Kind is TokenKind.GroupOpen;
        if (braced) i++;
        if (tokens[i] is not { Kind: TokenKind.Number, Text: [>= '0' and <= '9'] last }
            || braced && tokens[i + 1].Kind is not TokenKind.GroupClose) return ("", 0);
        return (digits + last, i + (braced ? 2 : 1));
    }

    // The fraction of a mixed number: whole numbers above and below right after a whole number.
    private Rational? Fraction()
    {
        if (Now.Is(TokenKind.Command, "frac"))
        {
            var i = at + 1;
            if (WholeArgument(ref i) is not { } above || WholeArgument(ref i) is not { } below || below.IsZero
                || above.CompareTo(below) >= 0) return null;
            at = i;
            return above / below;
        }
        // "3 1/2" in plain notation: the fraction ends the number.
        if (Now is { Kind: TokenKind.Number, SpaceBefore: true } && tokens[at + 1].Is(TokenKind.Operator, "/")
            && tokens[at + 2].Kind is TokenKind.Number
            && tokens[at + 3].Kind is not (TokenKind.Caret or TokenKind.Open or TokenKind.Letter)
            && Rational.Parse(tokens[at].Text.Contains('e', StringComparison.OrdinalIgnoreCase) ? "0.5"
                : tokens[at].Text) is { IsInteger: true } a
            && Rational.Parse(tokens[at + 2].Text.Contains('e', StringComparison.OrdinalIgnoreCase) ? "0.5"
                : tokens[at + 2].Text) is { IsInteger: true, IsZero: false } b && a.CompareTo(b) < 0)
        {
            at += 3;
            return a / b;
        }
        return null;
    }

    private Rational? WholeArgument(ref int i)
    {
        if (tokens[i].Kind is TokenKind.GroupOpen && tokens[i + 1].Kind is TokenKind.Number && tokens[i + 2].Kind is TokenKind.GroupClose
            && tokens[i + 1].Text.All(char.IsAsciiDigit))
        {
            i += 3;
            return Rational.Parse(tokens[i - 2].Text);
        }
        if (tokens[i].Kind is TokenKind.Number && tokens[i].Text.All(char.IsAsciiDigit) && tokens[i].Text.Length is 1 or 2
            && (tokens[i].Text.Length == 1 || tokens[i - 1].Kind is TokenKind.Number is false))
        {
            // \frac12 is one token of two digits.
            if (tokens[i].Text.Length == 2)
            {
                var text = tokens[i].Text;
                tokens[i] = tokens[i] with { Text = text[..1] };
                tokens.Insert(i + 1, new(TokenKind.Number, text[1..]));
            }
            i++;
            return Rational.Parse(tokens[i - 1].Text);
        }
        return null;
    }
}
