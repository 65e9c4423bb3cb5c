using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <content>Quantities: units, compound ones, currencies, magnitudes.</content>
internal sealed partial class AnswerParser
{
    private static Node Scale(Node statement, Rational magnitude) => statement switch
    {
        Relation relation => relation with { Sides = [.. relation.Sides.SkipLast(1), Scale(relation.Sides[^1], magnitude)] },
        _ => Tree.Multiply(statement, new Number(magnitude)),
    };

    // A quantity in several units, the larger ones first: 2 h 30 min is 2.5 h, 5 ft 6 in is 5.5 ft.
    private (Node Value, string Unit) Compound(Node statement, string unit)
    {
        var whole = Units.Parse(unit);
        if (!whole.AllKnown || whole.Powers.Count != 1 || statement is Relation or Sequence) return (statement, unit);
        var smallest = whole.Factor;
        while (true)
        {
            var start = at;
            if (IsConnective(Now) && Now.Text == "and" || Now.Kind is TokenKind.Comma) at++;
            if (Now.Kind is not TokenKind.Number)
            {
                at = start;
                return (statement, unit);
            }
            Node part = NumberOrMixed(exponent: false);
            var partUnit = TrailingUnit();
            if (partUnit.Length == 0 && Now is { Kind: TokenKind.Letter } && Units.IsKnown(Now.Text)
                && !(tokens[at + 1].Kind is TokenKind.Letter or TokenKind.Open or TokenKind.Caret))
            {
                partUnit = Now.Text;
                at++;
            }
            var smaller = Units.Parse(partUnit);
            if (partUnit.Length == 0 || !smaller.AllKnown || !smaller.IsLike(whole) || smaller.Factor.CompareTo(smallest) >= 0)
            {
                at = start;
                return (statement, unit);
            }
            smallest = smaller.Factor;
            statement = new Sum([statement, Tree.Multiply(new Number(smaller.Factor / whole.Factor), part)]);
        }
    }

    // USD 12: a code before its amount.
    private bool IsCurrencyCode() => Now.Kind is TokenKind.Word && tokens[at + 1].Kind is TokenKind.Number
        && Units.CurrencyOf(Now.Text) is not null;

    private string? CurrencySign()
    {
        string? sign = null;
        if (IsCurrencyCode())
        {
            sign = Units.CurrencyOf(Now.Text);
            at++;
        }
        while (Now.Kind == TokenKind.Currency)
        {
            sign = Now.Text == "＄" ? "$" : Now.Text;
            at++;
        }
        return sign;
    }

    // The unit belongs to the last side: x = 5 cm.
    private static Node Measure(Node statement, string unit) => statement switch
    {
        Relation relation =>
            relation with { Sides = [.. relation.Sides.Take(relation.Sides.Count - 1), Measure(relation.Sides[^1], unit)] },
        Measured measured => measured with { Unit = measured.Unit + " " + unit },
        _ when unit.Split(' ') is [.. var before, var last] && Units.TemperatureScale(last) is { } scale
            && (before is ["degree" or "degrees" or "°"] || before.Length == 0 && last.Length > 1) => new Measured(statement, "°" + scale),
        _ when unit is "percent" or "per cent" or "percents" or "pct" or "percentage" => new Percent(statement),
        _ when unit is "per mille" or "permille" => Tree.Multiply(statement, new Number(Rational.Of(1, 1000))),
        _ => new Measured(statement, unit),
    };

    private string TrailingUnit()
    {
        if (Now.Kind is not (TokenKind.Word or TokenKind.Currency or TokenKind.Degree) && !IsRemark(at) && !IsArticle()) return "";
        var parts = new List<string>();
        var start = at;
        for (; ; at++)
        {
            budget.Step();
            var token = Now;
            if (IsConnective(token) && (tokens[at + 1].Kind is not TokenKind.Word || parts.Count == 0)) break;
            var belongs = token.Kind is TokenKind.Word or TokenKind.Letter or TokenKind.Degree or TokenKind.Currency or TokenKind.Caret
                or TokenKind.Number or TokenKind.Prime or TokenKind.GroupOpen or TokenKind.GroupClose
                || token.Kind is TokenKind.Operator && token.Text is "/" or "*" or "-";
            if (token.Kind is TokenKind.GroupClose && !parts.Contains("{")) break;
            // A number within the words makes them a sentence, unless it is a power: m/s^2.
            if (token.Kind is TokenKind.Number && tokens[at - 1].Kind is not (TokenKind.Caret or TokenKind.GroupOpen)
                && tokens[at - 1] is not { Kind: TokenKind.Operator, Text: "-" })
            {
                // "5 ft 6 in": another quantity follows.
                if (parts.Count > 0 && IsConnective(tokens[at - 1])) at--;
                if (parts.Count > 0 && IsUnit(parts)) break;
                throw new NotMathException();
            }
            if (at == start && token is { Kind: TokenKind.Word, SpaceBefore: false } && tokens[at - 1].Kind is TokenKind.Number
                && char.IsAsciiLetter(token.Text[0]) && !Units.IsKnown(token.Text)
                && token.Text is not ("am" or "pm")) throw new NotMathException();
            if (token.Kind is TokenKind.Open or TokenKind.Close && token.Text is "(" or ")")
            {
                if (token.Kind is TokenKind.Close && !parts.Contains("(")) break;
                belongs = true;
            }
            if (!belongs) break;
            if (token.Kind is TokenKind.Word && (Vocabulary.DenyingWords.Contains(token.Text.ToLowerInvariant())
                || parts.Count == 0 && (Vocabulary.Continuations.Contains(token.Text.ToLowerInvariant())
                || MeasureWords.IsDigits(token.Text)))) throw new NotMathException();
            parts.Add(token.Text);
        }
        if (at == start) return "";
        return string.Join(' ', parts.Where(part => part is not ("{" or "}" or "'"))).Replace("^ - ", "^ -", StringComparison.Ordinal);
    }

    private static bool IsUnit(List<string> parts) => Units.Parse(string.Join(' ', parts)) is { AllKnown: true, Powers.Count: 1 };
}
