using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <content>Numbers, symbols, brackets, LaTeX structures.</content>
internal sealed partial class AnswerParser
{
    private bool inBuilder;
    private bool inBounds;

    private void Expect(TokenKind kind, string text)
    {
        if (Now.Kind != kind || Now.Text != text) throw new NotMathException();
        at++;
    }

    // exponent: Whether it is a superscript or subscript without braces.
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
            TokenKind.GroupOpen when tokens[at + 1].Kind is TokenKind.GroupClose
                && tokens[at + 2].Kind is TokenKind.Underscore or TokenKind.Caret => EmptyGroup(),
            TokenKind.GroupOpen => Group(),
            TokenKind.Underscore or TokenKind.Caret when !exponent => PrefixScript(),
            TokenKind.Bar when token.Text is "<" or "" => Absolute(),
            TokenKind.NamedSet => Named(),
            TokenKind.Word when token.Text.ToLowerInvariant() is "const" or "constant" or "konstante" => IntegrationConstant(),
            TokenKind.Word when tokens[at + 1].Is(TokenKind.Open, "(") && !tokens[at + 1].SpaceBefore => WordFunction(),
            TokenKind.Word
                when at + 1 < tokens.Count
                && tokens[at + 1].Kind is TokenKind.Relation or TokenKind.Word or TokenKind.Underscore or TokenKind.Open => WordSymbol(),
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
        return words.Count > 0 && Now.Kind is TokenKind.Relation or TokenKind.Underscore
            ? new Symbol(string.Join(' ', words)) : throw new NotMathException();
    }

    // A function with a name of several letters: cis(60°).
    private Call WordFunction()
    {
        var name = Now.Text switch { "binom" or "binomial" or "comb" or "nCr" or "choose" => "C", "perm" or "nPr" => "P", var other =>
            other };
        at++;
        var argument = Primary();
        return new Call("fn " + name, argument is Sequence { Kind: SequenceKind.Tuple } several ? several.Items : [argument]);
    }

    // A command's argument: a group, or one token, of which a number gives one digit.
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
            content = name == "over"
                ? Tree.Divide(content ?? throw new NotMathException(), below)
                : new Call("binom", [content ?? throw new NotMathException(), below]);
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
        if (open == "(" && Now.Is(TokenKind.Command, "bmod"))
        {
            at++;
            var modulus = Expression();
            Expect(TokenKind.Close, ")");
            return new Call("pmod", [modulus]);
        }
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
            return content is Relation { Operators: ["∈"], Sides: [Symbol element, _] }
                ? new SetBuilder(element, new Sequence(SequenceKind.All, [content, condition]))
                : new SetBuilder(content ?? throw new NotMathException(), condition);
        }
        var items = content is Sequence { IsOpen: true } several ? several.Items : content is null ? [] : (IReadOnlyList<Node>)[content];
        return (open, closed) switch
        {
            ("(", ")") =>
                items.Count switch { 0 => throw new NotMathException(), 1 => items[0], _ => new Sequence(SequenceKind.Tuple, items) },
            ("[", "]") =>
                items.Count == 1 ? items[0] is Sequence
                ? new Sequence(SequenceKind.Bracketed, items) : items[0] : new Sequence(SequenceKind.Bracketed, items),
            ("{", "}") => items.Count == 0 ? new NamedSet("∅") : new Sequence(SequenceKind.Set, items),
            ("⟨", "⟩") => new Sequence(SequenceKind.Tuple, items),
            ("⌊", "⌋") when items.Count == 1 => new Call("floor", items),
            ("⌈", "⌉") when items.Count == 1 => new Call("ceil", items),
            ("(" or "[", ")" or "]" or "[") when items.Count == 2 => new Interval(items[0], items[1], open == "[", closed == "]"),
            _ => throw new NotMathException(),
        };
    }

    // Equations in an array behind a brace, which need not be closed.
    private Node EquationSystem()
    {
        at++;
        var rows = Environment();
        if (Now.Kind is TokenKind.Close && Now.Text == "}") at++;
        return rows is Matrix { Rows: var lines } && lines.All(line => line.Count == 1)
            ? new Sequence(SequenceKind.All, [.. lines.Select(line => line[0])]) : rows;
    }

    // The French open interval ]a, b[.
    private Interval ReversedInterval()
    {
        at++;
        var items = Items(TokenKind.Close, "]");
        if (items is not Sequence { IsOpen: true, Items.Count: 2 } pair || Now.Text is not ("[" or "]" or ")"))
            throw new NotMathException();
        var closed = Now.Text == "]";
        at++;
        return new Interval(pair.Items[0], pair.Items[1], false, closed);
    }

    // Whether a bar or colon of this set separates its condition.
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
            case "√" or "∛" or "∜" when !Now.Is(TokenKind.Open, "["): // the whole number behind it: √13
                return Tree.Root(Now.Kind is TokenKind.Function or TokenKind.Command ? Factor() : Primary(exponent: true),
                    new Number(name switch { "√" => 2, "∛" => 3, _ => 4 }));
            case "sqrt" or "√":
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
                if (inner is Symbol { IsConstant: false } || inner is Product product
                    && product.Factors.All(factor => factor is Symbol { IsConstant: false }))
                {
                    var text = string.Concat(tokens.Skip(start).Take(at - start).Where(token => token.Kind is TokenKind.Letter)
                        .Select(token => token.Text));
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

    // A sum, product, integral or limit with its bounds; the body is the next term.
    private Call Big(string name)
    {
        Node low = new Words(""), high = new Words("");
        for (var i = 0; i < 2; i++)
        {
            if (Now.Kind is TokenKind.Underscore)
            {
                at++;
                inBounds = true;
                low = Now.Kind is TokenKind.GroupOpen ? Group() : Primary(exponent: true);
                inBounds = false;
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
            if (Now.Kind is TokenKind.Ampersand)
            {
                at++;
                if (name is "cases" && Now.Kind is TokenKind.Word && Vocabulary.ConditionWords.Contains(Now.Text.ToLowerInvariant())
                    && tokens[at + 1].Kind is not (TokenKind.RowBreak or TokenKind.End)) at++;
            }
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
            _ when name.EndsWith("matrix", StringComparison.Ordinal) || name is "array" or "smallmatrix" =>
                name switch
                {
                    "vmatrix" => new Call("det", [new Matrix(rows)]),
                    "Vmatrix" => new Call("norm", [new Matrix(rows)]),
                    _ => new Matrix(rows),
                },
            "cases" => rows.Any(cells => cells.Count > 1)
                ? new Call("cases", [.. rows.SelectMany(cells => cells)])
                : new Sequence(SequenceKind.All, [.. rows.Select(cells => cells[0])]),
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
