using R1Cloud.GpuJob.Rewards.Mathematics.Algebra;
using R1Cloud.GpuJob.Rewards.Mathematics.Trees;

namespace R1Cloud.GpuJob.Rewards.Mathematics.Parsing;

/// <content>Numbers, symbols, brackets, LaTeX structures.</content>
internal sealed partial class AnswerParser
{
    private bool inBuilder;

    private void Expect(TokenKind kind, string text)
    {
        if (Now.Kind != kind || Now.Text != text) throw new NotMathException();
        at++;
    }

    /// <param name="exponent">Whether it is a superscript or subscript without braces.</param>
    private Node Primary(bool exponent = false)
    {
        budget.Enter();
        var token = Now;
        var node = token.Kind switch
        {
            TokenKind.Number => NumberOrMixed(exponent),
            TokenKind.Letter => LetterSymbol(),
            TokenKind.Function => Function(token.Text),
            TokenKind.Command => Structure(token.Text),
            TokenKind.Open => Brackets(),
            TokenKind.Close when token.Text == "]" && !exponent => ReversedInterval(),
            TokenKind.GroupOpen when tokens[at + 1].Kind is TokenKind.GroupClose && tokens[at + 2].Kind is TokenKind.Underscore or TokenKind.Caret => EmptyGroup(),
            TokenKind.GroupOpen => Group(),
            TokenKind.Underscore or TokenKind.Caret when !exponent => PrefixScript(),
            TokenKind.Bar when token.Text is "<" or "" => Absolute(),
            TokenKind.NamedSet => Named(),
            TokenKind.Word when token.Text.ToLowerInvariant() is "const" or "constant" or "konstante" => IntegrationConstant(),
            TokenKind.Word when tokens[at + 1].Is(TokenKind.Open, "(") && !tokens[at + 1].SpaceBefore => WordFunction(),
            TokenKind.Word when at + 1 < tokens.Count && tokens[at + 1].Kind is TokenKind.Relation or TokenKind.Word or TokenKind.Underscore or TokenKind.Open => WordSymbol(),
            _ => throw new NotMathException(),
        };
        budget.Leave();
        return node;
    }

    private Symbol IntegrationConstant()
    {
        at++;
        return new Symbol("C");
    }

    private Call EmptyGroup()
    {
        at += 2;
        return PrefixScript();
    }

    private Symbol LetterSymbol()
    {
        var name = Now.Text;
        at++;
        if (name is "△" or "∠" && Now.Kind is TokenKind.Letter)
        {
            for (; Now.Kind is TokenKind.Letter && Now.Text.Length == 1 && char.IsAsciiLetterUpper(Now.Text[0]); at++) name += Now.Text;
        }
        return new Symbol(name);
    }

    private NamedSet Named()
    {
        var name = Now.Text;
        at++;
        return new NamedSet(name);
    }

    private Symbol WordSymbol()
    {
        var words = new List<string>();
        for (; Now.Kind is TokenKind.Word && !IsConnective(Now); at++) words.Add(Now.Text);
        return words.Count > 0 && Now.Kind is TokenKind.Relation or TokenKind.Underscore ? new Symbol(string.Join(' ', words)) : throw new NotMathException();
    }

    /// <summary>A function with a name of several letters: cis(60°).</summary>
    private Call WordFunction()
    {
        var name = Now.Text switch { "binom" or "binomial" or "comb" or "nCr" or "choose" => "C", "perm" or "nPr" => "P", var other => other };
        at++;
        var argument = Primary();
        return new Call("fn " + name, argument is Sequence { Kind: SequenceKind.Tuple } several ? several.Items : [argument]);
    }

    private static Number ToNumber(string digits)
    {
        var e = digits.IndexOfAny(['e', 'E']);
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        if (e < 0) return new Number(Rational.Parse(digits), point >= 0) { Decimals = point < 0 ? 0 : digits.Length - point - 1 };
        var power = int.Parse(digits.AsSpan(e + 1), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture);
        return new Number(Rational.Parse(digits.AsSpan(0, e)) * ((Rational)10).Power(power), true) { Decimals = (point < 0 ? 0 : e - point - 1) - power };
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

    /// <summary>0.1666…: the digits that are repeated at the end go on for ever. Null when none are.</summary>
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
            return new Number(Rational.Parse(digits.AsSpan(0, point + 1 + before)) + (Rational.Parse(block) / nines * ((Rational)10).Power(-before)), IsDecimal: true);
        }
        return null;
    }

    /// <summary>The digits under a bar after decimals: 0.1\overline{6}.</summary>
    private Number? Repeating(string digits)
    {
        var isBar = Now.Kind is TokenKind.Command && Now.Text is "overline" or "bar" or "dot";
        // 0.\overline{3}: the lexer leaves the point for a full stop.
        var point = !digits.Contains('.', StringComparison.Ordinal) && Now.Kind is TokenKind.Period && tokens[at + 1].Kind is TokenKind.Command && tokens[at + 1].Text is "overline" or "bar" or "dot";
        if (!point && !(isBar && digits.Contains('.', StringComparison.Ordinal))) return null;
        var i = at + (point ? 2 : 1);
        var braced = tokens[i].Kind is TokenKind.GroupOpen;
        if (braced) i++;
        if (tokens[i].Kind is not TokenKind.Number || !tokens[i].Text.All(char.IsAsciiDigit) || digits.Contains('e', StringComparison.OrdinalIgnoreCase)) return null;
        var period = tokens[i].Text;
        if (braced && tokens[i + 1].Kind is not TokenKind.GroupClose || period.Length > 60) return null;
        at = i + (braced ? 2 : 1);
        var shown = point ? digits + "." : digits;
        var decimals = shown.Length - shown.IndexOf('.', StringComparison.Ordinal) - 1;
        var nines = ((Rational)10).Power(period.Length) - 1;
        return new Number(Rational.Parse(shown) + (Rational.Parse(period) / nines * ((Rational)10).Power(-decimals)));
    }

    /// <summary>The fraction of a mixed number: whole numbers above and below right after a whole number.</summary>
    private Rational? Fraction()
    {
        if (Now.Is(TokenKind.Command, "frac"))
        {
            var i = at + 1;
            if (WholeArgument(ref i) is not { } above || WholeArgument(ref i) is not { } below || below.IsZero || above.CompareTo(below) >= 0) return null;
            at = i;
            return above / below;
        }
        // "3 1/2" in plain notation: the fraction ends the number.
        if (Now is { Kind: TokenKind.Number, SpaceBefore: true } && tokens[at + 1].Is(TokenKind.Operator, "/") && tokens[at + 2].Kind is TokenKind.Number
            && tokens[at + 3].Kind is not (TokenKind.Caret or TokenKind.Open or TokenKind.Letter)
            && Rational.Parse(tokens[at].Text.Contains('e', StringComparison.OrdinalIgnoreCase) ? "0.5" : tokens[at].Text) is { IsInteger: true } a
            && Rational.Parse(tokens[at + 2].Text.Contains('e', StringComparison.OrdinalIgnoreCase) ? "0.5" : tokens[at + 2].Text) is { IsInteger: true, IsZero: false } b && a.CompareTo(b) < 0)
        {
            at += 3;
            return a / b;
        }
        return null;
    }

    private Rational? WholeArgument(ref int i)
    {
        if (tokens[i].Kind is TokenKind.GroupOpen && tokens[i + 1].Kind is TokenKind.Number && tokens[i + 2].Kind is TokenKind.GroupClose && tokens[i + 1].Text.All(char.IsAsciiDigit))
        {
            i += 3;
            return Rational.Parse(tokens[i - 2].Text);
        }
        if (tokens[i].Kind is TokenKind.Number && tokens[i].Text.All(char.IsAsciiDigit) && tokens[i].Text.Length is 1 or 2 && (tokens[i].Text.Length == 1 || tokens[i - 1].Kind is TokenKind.Number is false))
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

    /// <summary>A command's argument: a group, or one token, of which a number gives one digit.</summary>
    private Node Argument()
    {
        if (Now.Kind is TokenKind.GroupOpen) return Group();
        if (Now.Kind is TokenKind.Number && Now.Text.Length > 1 && Now.Text.All(char.IsAsciiDigit))
        {
            var text = Now.Text;
            tokens[at] = Now with { Text = text[1..] };
            tokens.Insert(at, new(TokenKind.Number, text[..1]));
        }
        if (Now.Kind is TokenKind.Number)
        {
            at++;
            return ToNumber(tokens[at - 1].Text);
        }
        return Now.Kind is TokenKind.Letter ? LetterSymbol() : Factor();
    }

    private Node Group()
    {
        Expect(TokenKind.GroupOpen, "{");
        if (Now.Kind is TokenKind.Operator && Now.Text is "+" or "*" or "-" && tokens[at + 1].Kind is TokenKind.GroupClose)
        {
            var mark = new Call("mark", [new Words(Now.Text)]);
            at += 2;
            return mark;
        }
        var (outerBars, outerBuilder) = (bars, inBuilder);
        (bars, inBuilder) = (0, false);
        var content = Items(TokenKind.GroupClose);
        (bars, inBuilder) = (outerBars, outerBuilder);
        if (Now.Kind is TokenKind.Command && Now.Text is "over" or "choose")
        {
            var name = Now.Text;
            at++;
            var below = Items(TokenKind.GroupClose) ?? throw new NotMathException();
            content = name == "over" ? Tree.Divide(content ?? throw new NotMathException(), below) : new Call("binom", [content ?? throw new NotMathException(), below]);
        }
        Expect(TokenKind.GroupClose, "}");
        return content ?? new Sequence(SequenceKind.List, []);
    }

    private Call Absolute()
    {
        at++;
        bars++;
        var content = Side();
        bars--;
        if (Now.Kind is not TokenKind.Bar) throw new NotMathException();
        at++;
        return new Call("abs", [content]);
    }

    private Node Brackets()
    {
        var open = Now.Text;
        at++;
        if (open == "{" && Now.Is(TokenKind.Command, "begin")) return EquationSystem();
        var (outerBars, outerBuilder) = (bars, inBuilder);
        (bars, inBuilder) = (0, open == "{" && HasBuilderBar());
        var close = open switch { "(" => ")", "[" => "]", "{" => "}", "⌊" => "⌋", "⌈" => "⌉", _ => "⟩" };
        var content = Items(TokenKind.Close, close);
        Node? condition = null;
        if (inBuilder && Now.Kind is TokenKind.Bar or TokenKind.Colon)
        {
            at++;
            inBuilder = false;
            condition = Items(TokenKind.Close, close) ?? throw new NotMathException();
        }
        (bars, inBuilder) = (outerBars, outerBuilder);
        var closed = Now.Text;
        if (Now.Kind is not (TokenKind.Close or TokenKind.Open)) throw new NotMathException();
        at++;
        if (condition is not null)
        {
            // {x ∈ ℝ | x > 1}: both are conditions.
            return content is Relation { Operators: ["∈"], Sides: [Symbol element, _] } ? new SetBuilder(element, new Sequence(SequenceKind.All, [content, condition])) : new SetBuilder(content ?? throw new NotMathException(), condition);
        }
        var items = content is Sequence { IsOpen: true } several ? several.Items : content is null ? [] : (IReadOnlyList<Node>)[content];
        return (open, closed) switch
        {
            ("(", ")") => items.Count switch { 0 => throw new NotMathException(), 1 => items[0], _ => new Sequence(SequenceKind.Tuple, items) },
            ("[", "]") => items.Count == 1 ? items[0] is Sequence ? new Sequence(SequenceKind.Bracketed, items) : items[0] : new Sequence(SequenceKind.Bracketed, items),
            ("{", "}") => items.Count == 0 ? new NamedSet("∅") : new Sequence(SequenceKind.Set, items),
            ("⟨", "⟩") => new Sequence(SequenceKind.Tuple, items),
            ("⌊", "⌋") when items.Count == 1 => new Call("floor", items),
            ("⌈", "⌉") when items.Count == 1 => new Call("ceil", items),
            ("(" or "[", ")" or "]" or "[") when items.Count == 2 => new Interval(items[0], items[1], open == "[", closed == "]"),
            _ => throw new NotMathException(),
        };
    }

    /// <summary>Equations in an array behind a brace, which need not be closed.</summary>
    private Node EquationSystem()
    {
        at++;
        var rows = Environment();
        if (Now.Kind is TokenKind.Close && Now.Text == "}") at++;
        return rows is Matrix { Rows: var lines } && lines.All(line => line.Count == 1) ? new Sequence(SequenceKind.All, [.. lines.Select(line => line[0])]) : rows;
    }

    /// <summary>The French open interval <c>]a, b[</c>.</summary>
    private Interval ReversedInterval()
    {
        at++;
        var items = Items(TokenKind.Close, "]");
        if (items is not Sequence { IsOpen: true, Items.Count: 2 } pair || Now.Text is not ("[" or "]" or ")")) throw new NotMathException();
        var closed = Now.Text == "]";
        at++;
        return new Interval(pair.Items[0], pair.Items[1], false, closed);
    }

    /// <summary>Whether a bar or colon of this set separates its condition.</summary>
    private bool HasBuilderBar()
    {
        var depth = 0;
        var barsSeen = 0;
        for (var i = at; tokens[i].Kind is not TokenKind.End; i++)
        {
            var token = tokens[i];
            if (token.Kind is TokenKind.Open or TokenKind.GroupOpen) depth++;
            else if (token.Kind is TokenKind.Close or TokenKind.GroupClose && --depth < 0) break;
            else if (depth == 0 && (token.Is(TokenKind.Bar, "mid") || token.Kind is TokenKind.Colon)) return true;
            else if (depth == 0 && token.Kind is TokenKind.Bar) barsSeen++;
        }
        return barsSeen % 2 == 1;
    }

    private Node Structure(string name)
    {
        at++;
        switch (name)
        {
            case "frac":
                var above = Argument();
                return Tree.Divide(above, Argument());
            case "cbrt":
                return Tree.Root(Argument(), new Number(3));
            case "sqrt":
                Node degree = new Number(2);
                if (Now.Is(TokenKind.Open, "["))
                {
                    at++;
                    degree = Expression();
                    Expect(TokenKind.Close, "]");
                }
                return Tree.Root(Now.Kind is TokenKind.Open or TokenKind.GroupOpen ? Primary() : Argument(), degree);
            case "binom":
                var n = Argument();
                return new Call("binom", [n, Argument()]);
            case "group" or "boxed":
                return Argument();
            case "vec":
                return Argument();
            case "overline" or "bar" or "hat" or "tilde" or "dot":
                var start = at;
                var inner = Argument();
                if (name == "hat" && inner is Symbol { Name: "i" or "j" or "k" } unit) return new Symbol(unit.Name + Vocabulary.Hat);
                if (inner is Symbol { IsConstant: false } || inner is Product product && product.Factors.All(factor => factor is Symbol { IsConstant: false }))
                {
                    var text = string.Concat(tokens.Skip(start).Take(at - start).Where(token => token.Kind is TokenKind.Letter).Select(token => token.Text));
                    return new Symbol(text.Length > 1 ? text : $"{text}\u0305");
                }
                return new Call("conj", [inner]);
            case "pmod":
                return new Call("pmod", [Argument()]);
            case "sum" or "prod" or "int" or "lim":
                return Big(name);
            case "begin":
                return Environment();
            default:
                throw new NotMathException();
        }
    }

    /// <summary>A sum, product, integral or limit with its bounds; the body is the next term.</summary>
    private Call Big(string name)
    {
        Node low = new Words(""), high = new Words("");
        for (var i = 0; i < 2; i++)
        {
            if (Now.Kind is TokenKind.Underscore)
            {
                at++;
                low = Now.Kind is TokenKind.GroupOpen ? Group() : Primary(exponent: true);
            }
            else if (Now.Kind is TokenKind.Caret)
            {
                at++;
                high = Now.Kind is TokenKind.GroupOpen ? Group() : Primary(exponent: true);
            }
        }
        return new Call(name, [low, high, Term()]);
    }

    private Node Environment()
    {
        var name = EnvironmentName();
        if (name.StartsWith("array", StringComparison.Ordinal) && Now.Kind is TokenKind.GroupOpen)
        {
            while (Now.Kind is not (TokenKind.GroupClose or TokenKind.End)) at++;
            if (Now.Kind is TokenKind.End) throw new NotMathException();
            at++;
        }
        var rows = new List<IReadOnlyList<Node>>();
        var row = new List<Node>();
        while (!Now.Is(TokenKind.Command, "end"))
        {
            budget.Step();
            if (Now.Kind is TokenKind.End) throw new NotMathException();
            if (Now.Kind is TokenKind.Ampersand) at++;
            else if (Now.Kind is TokenKind.RowBreak)
            {
                at++;
                if (row.Count > 0) rows.Add(row);
                row = [];
            }
            else if (Now.Kind is TokenKind.Comma or TokenKind.Period or TokenKind.Semicolon) at++;
            else row.Add(name is "cases" || name.StartsWith("align", StringComparison.Ordinal) ? Item() : Statement());
        }
        if (row.Count > 0) rows.Add(row);
        at++;
        if (EnvironmentName() != name || rows.Count == 0) throw new NotMathException();
        return name switch
        {
            _ when name.EndsWith("matrix", StringComparison.Ordinal) || name is "array" or "smallmatrix" => name is "vmatrix" ? new Call("det", [new Matrix(rows)]) : new Matrix(rows),
            "cases" => rows.Any(cells => cells.Count > 1) ? new Call("cases", [.. rows.SelectMany(cells => cells)]) : new Sequence(SequenceKind.All, [.. rows.Select(cells => cells[0])]),
            _ => rows.Count == 1 && rows[0].Count == 1 ? rows[0][0] : new Sequence(SequenceKind.List, [.. rows.SelectMany(cells => cells)]),
        };
    }

    private string EnvironmentName()
    {
        Expect(TokenKind.GroupOpen, "{");
        var name = "";
        for (; Now.Kind is TokenKind.Letter or TokenKind.Word or TokenKind.Function or TokenKind.Operator; at++) name += Now.Text;
        Expect(TokenKind.GroupClose, "}");
        return name.TrimEnd('*');
    }
}
