using System.Globalization;
using R1Cloud.GpuJob.Rewards.Mathematics.Algebra;
using R1Cloud.GpuJob.Rewards.Mathematics.Trees;

namespace R1Cloud.GpuJob.Rewards.Mathematics.Parsing;

/// <content>Sums, products, powers, functions.</content>
internal sealed partial class AnswerParser
{
    private Node Expression()
    {
        budget.Enter();
        var terms = new List<Node>();
        var sign = SignBefore();
        terms.Add(Signed(sign, Term()));
        while (Now.Kind == TokenKind.Operator && Now.Text is "+" or "-" or "±" or "∓")
        {
            budget.Step();
            sign = SignBefore();
            terms.Add(Signed(sign, Term()));
        }
        budget.Leave();
        return terms.Count == 1 ? terms[0] : new Sum(terms);
    }

    /// <summary>Reads signs: <c>+</c>, <c>-</c>, <c>±</c>, <c>∓</c>; several combine.</summary>
    private string SignBefore()
    {
        var sign = "+";
        while (Now.Kind == TokenKind.Operator && Now.Text is "+" or "-" or "±" or "∓")
        {
            sign = (sign, Now.Text) switch
            {
                (_, "+") => sign,
                ("+", var other) => other,
                ("-", "-") => "+",
                ("-", "±") => "∓",
                ("-", "∓") => "±",
                ("±", "-") => "∓",
                ("∓", "-") => "±",
                _ => throw new NotMathException(),
            };
            at++;
        }
        return sign;
    }

    private static Node Signed(string sign, Node term) => sign switch
    {
        "+" => term,
        "-" => Tree.Negate(term),
        _ => new Call(sign, [term]),
    };

    private Node Term()
    {
        budget.Enter();
        var factors = new List<Node> { Factor() };
        while (true)
        {
            budget.Step();
            if (Now.Kind == TokenKind.Operator && Now.Text is "*" or "/")
            {
                var divide = Now.Text == "/";
                at++;
                var factor = Signed(SignBefore(), Factor());
                factors.Add(divide ? new Power(factor, Number.MinusOne) : factor);
            }
            else if (Now.Is(TokenKind.Command, "bmod"))
            {
                at++;
                factors = [new Call("mod", [Tree.Multiply([.. factors]), Factor()])];
            }
            else if (StartsFactor()) factors.Add(Factor());
            else break;
        }
        budget.Leave();
        return Tree.Multiply([.. factors]);
    }

    /// <summary>Whether a factor follows without a sign of multiplication.</summary>
    private bool StartsFactor() => Now.Kind switch
    {
        TokenKind.Letter or TokenKind.Function => true,
        TokenKind.Number => tokens[at - 1].Kind is not TokenKind.Number,
        TokenKind.Open => Now.Text is not "[" || bars == 0 && !(tokens[at - 1].Kind is TokenKind.Close),
        TokenKind.GroupOpen => true,
        TokenKind.Bar => Now.Text == "<" || Now.Text.Length == 0 && bars == 0 && !inBuilder && HasClosingBar(),
        TokenKind.Command => Now.Text is "frac" or "sqrt" or "cbrt" or "binom" or "overline" or "bar" or "hat" or "vec" or "tilde" or "dot" or "sum" or "prod" or "int" or "lim" or "begin" or "group" or "pmod",
        _ => false,
    };

    private bool HasClosingBar()
    {
        for (var i = at + 1; tokens[i].Kind is not (TokenKind.End or TokenKind.Relation); i++)
        {
            if (tokens[i].Kind == TokenKind.Bar) return true;
        }
        return false;
    }

    private Node Factor()
    {
        budget.Enter();
        var factor = Postfix(Primary());
        budget.Leave();
        return factor;
    }

    /// <summary>Powers, subscripts, factorials, percent signs after a primary.</summary>
    private Node Postfix(Node primary)
    {
        var node = primary;
        while (true)
        {
            budget.Step();
            switch (Now.Kind)
            {
                case TokenKind.Caret:
                    at++;
                    node = Raise(node);
                    break;
                case TokenKind.Underscore:
                    at++;
                    node = Subscript(node);
                    break;
                case TokenKind.Factorial:
                    var count = 0;
                    for (; Now.Kind == TokenKind.Factorial; at++) count++;
                    node = new Call(count == 1 ? "!" : "!!", [node]);
                    break;
                case TokenKind.Prime when node is Symbol symbol:
                    at++;
                    node = symbol with { Name = symbol.Name + "'" };
                    break;
                case TokenKind.Prime:
                    at++; // minutes of arc, or a stray quotation mark
                    break;
                case TokenKind.Percent:
                    at++;
                    node = new Percent(node);
                    break;
                case TokenKind.Degree:
                    at++;
                    node = Degrees(node);
                    break;
                case TokenKind.Open when node is Symbol { Name: "f" or "g" or "h" or "F" or "G" or "H" } function && Now.Text == "(" && !Now.SpaceBefore:
                    at++;
                    var arguments = Items(TokenKind.Close, ")");
                    Expect(TokenKind.Close, ")");
                    node = new Call("fn " + function.Name, arguments is Sequence { IsOpen: true } several ? several.Items : arguments is null ? [] : [arguments]);
                    break;
                default:
                    return node;
            }
        }
    }

    private Measured Degrees(Node node)
    {
        // °C and °F are temperatures.
        if (Now.Kind is TokenKind.Letter or TokenKind.Word && Now.Text is "C" or "F")
        {
            var scale = Now.Text;
            at++;
            return new Measured(node, "°" + scale);
        }
        return new Measured(node, "°");
    }

    private Node Raise(Node node)
    {
        if (Now.Kind == TokenKind.Degree)
        {
            at++;
            return Degrees(node);
        }
        if (Now.Kind is TokenKind.GroupOpen && tokens[at + 1].Kind is TokenKind.Degree && tokens[at + 2].Kind is TokenKind.GroupClose)
        {
            at += 3;
            return Degrees(node);
        }
        if (Now.Kind is TokenKind.Prime || Now.Kind is TokenKind.GroupOpen && tokens[at + 1].Kind is TokenKind.Prime)
        {
            var grouped = Now.Kind is TokenKind.GroupOpen;
            if (grouped) at++;
            var name = node is Symbol symbol ? symbol.Name : throw new NotMathException();
            for (; Now.Kind is TokenKind.Prime; at++) name += "'";
            if (grouped) Expect(TokenKind.GroupClose, "}");
            return new Symbol(name);
        }
        if (Now.Kind is TokenKind.Operator && Now.Text is "+" or "*" && tokens[at + 1].Kind is not (TokenKind.Number or TokenKind.Letter or TokenKind.Open))
        {
            var mark = Now.Text;
            at++;
            return node is NamedSet set ? new NamedSet(set.Name + mark) : new Call(mark, [node]);
        }
        if (node is NamedSet named)
        {
            var power = Argument();
            return power is Call { Function: "mark" } mark ? new NamedSet(named.Name + ((Words)mark.Arguments[0]).Text) : new Power(named, power);
        }
        var sign = SignBefore();
        Node exponent = Now.Kind == TokenKind.GroupOpen ? Argument() : Postfix(Primary(exponent: true));
        exponent = Signed(sign, exponent);
        if (exponent is Symbol { Name: "T" or "⊤" } && node is Matrix matrix) return Transpose(matrix);
        return node is Measured measured ? measured with { Unit = $"{measured.Unit} ^ {(exponent as Number)?.Value}" } : new Power(node, exponent);
    }

    private static Matrix Transpose(Matrix matrix) =>
        new([.. Enumerable.Range(0, matrix.Rows[0].Count).Select(column => (IReadOnlyList<Node>)[.. matrix.Rows.Select(row => column < row.Count ? row[column] : Number.Zero)])]);

    private Node Subscript(Node node)
    {
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
        return node switch
        {
            Symbol symbol => new Symbol($"{symbol.Name}_{name}"),
            Number { Value.IsInteger: true } number when name.All(char.IsAsciiDigit) && name.Length is 1 or 2 => InBase(number, new Number(Rational.Parse(name))),
            Call call => new Call($"{call.Function}_{name}", call.Arguments),
            Words words => new Words($"{words.Text}_{name}"),
            _ => new Call("sub " + name, [node]),
        };
    }

    /// <summary>A number in a base, such as 1011_2: its digits, the base, and its value when the digits fit.</summary>
    private static Call InBase(Number number, Number radix)
    {
        var digits = number.Value.Numerator.ToString(CultureInfo.InvariantCulture);
        var written = new Call("base", [number, radix]);
        if (radix.Value.CompareTo(2) < 0 || radix.Value.CompareTo(36) > 0 || digits.Length > 200) return written;
        Rational value = Rational.Zero;
        foreach (var digit in digits)
        {
            if (((Rational)(digit - '0')).CompareTo(radix.Value) >= 0) return written;
            value = (value * radix.Value) + (digit - '0');
        }
        return new Call("base", [number, radix, new Number(value)]);
    }

    private Node Function(string name)
    {
        at++;
        Node? power = null;
        Node? radix = null;
        for (var i = 0; i < 2; i++)
        {
            if (Now.Kind is TokenKind.Caret && power is null)
            {
                at++;
                var sign = SignBefore();
                power = Signed(sign, Now.Kind is TokenKind.GroupOpen ? Argument() : Primary(exponent: true));
            }
            else if (Now.Kind is TokenKind.Underscore && radix is null)
            {
                at++;
                radix = Now.Kind is TokenKind.GroupOpen ? Argument() : Primary(exponent: true);
            }
        }
        var argument = FunctionArgument();
        var arguments = argument is Sequence { Kind: SequenceKind.Tuple or SequenceKind.List or SequenceKind.Set } several ? several.Items : [argument];
        if (radix is not null && name is "log")
        {
            arguments = [.. arguments, radix];
            name = "logbase";
        }
        if (power is Number { Value: var value } && value == Rational.MinusOne && name is "sin" or "cos" or "tan" or "cot" or "sinh" or "cosh" or "tanh") return new Call((name.Length == 3 ? "arc" : "ar") + name, arguments);
        var call = new Call(name, arguments);
        return power is null ? call : new Power(call, power);
    }

    /// <summary>What a function applies to: brackets, or the factors up to the next sign or function.</summary>
    private Node FunctionArgument()
    {
        budget.Enter();
        Node argument;
        if (Now.Kind is TokenKind.Open && Now.Text is "(" or "[" or "{") argument = Primary();
        else if (Now.Kind is TokenKind.Function) argument = Function(Now.Text);
        else
        {
            var sign = SignBefore();
            var factors = new List<Node> { Factor() };
            while (Now.Kind is TokenKind.Letter or TokenKind.GroupOpen || Now.Kind is TokenKind.Number && tokens[at - 1].Kind is not TokenKind.Number || Now.Kind is TokenKind.Command && Now.Text is "frac" or "sqrt"
                || Now.Kind is TokenKind.Open && Now.Text == "(" && factors[^1] is not Sequence && tokens[at - 1].Kind is TokenKind.Number) factors.Add(Factor());
            argument = Signed(sign, Tree.Multiply([.. factors]));
        }
        budget.Leave();
        return argument;
    }
}
