using R1Cloud.Rewards.Mathematics.Numbers;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <content>Sums, products, powers, functions.</content>
internal sealed partial class AnswerParser
{
    private const int MaxPostfix = 24;
    private const string InverseMark = "⁻¹";

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

    // Reads signs: +, -, ±, ∓; several combine.
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
            else if (Now.Is(TokenKind.Word, "choose"))
            {
                at++;
                factors = [new Call("binom", [Tree.Multiply([.. factors]), Factor()])];
            }
            else if (StartsFactor()) factors.Add(Factor());
            else break;
        }
        budget.Leave();
        return Tree.Multiply([.. factors]);
    }

    // Whether a factor follows without a sign of multiplication.
    private bool StartsFactor() => Now.Kind switch
    {
        TokenKind.Letter when Now.Text == Vocabulary.Ellipsis || IsArticle() => false,
        TokenKind.Letter or TokenKind.Function => true,
        TokenKind.Number => tokens[at - 1].Kind is not TokenKind.Number,
        TokenKind.Open => !IsRemark(at) && (Now.Text is not "[" || !inInterval && bars == 0 && tokens[at - 1].Kind is not TokenKind.Close),
        TokenKind.GroupOpen => true,
        TokenKind.Bar => Now.Text == "<" || Now.Text.Length == 0 && bars == 0 && !inBuilder && HasClosingBar(),
        TokenKind.Command =>
            Now.Text is "frac" or "sqrt" or "√" or "∛" or "∜" or "cbrt" or "binom" or "overline" or "bar" or "hat" or "vec" or "tilde"
            or "dot" or "sum" or "prod" or "int" or "lim" or "begin" or "group" or "pmod",
        _ => false,
    };

    // Whether the letter there is the article before a unit: 18 a day.
    private bool IsArticle() =>
        Now is { Kind: TokenKind.Letter, Text: "a", SpaceBefore: true } && tokens[at + 1] is { Kind: TokenKind.Word, SpaceBefore: true }
        && tokens[at - 1].Kind is TokenKind.Number;

    // Whether nothing but words stands in brackets there: 72 (in total).
    private bool IsRemark(int open)
    {
        if (!tokens[open].Is(TokenKind.Open, "(") || tokens[open + 1].Kind is not TokenKind.Word) return false;
        if (Vocabulary.Approximations.Contains(tokens[open + 1].Text)) return true; // 11/36 (about 30.6%)
        if (tokens[open + 1].Text is "base" || tokens[open + 1].Text is "in" && tokens[open + 2].Is(TokenKind.Word, "base")) return true;
        var i = open + 1;
        while (tokens[i].Kind is TokenKind.Word) i++;
        return tokens[i].Is(TokenKind.Close, ")");
    }

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
        var factor = Postfix(LongDigits() ?? ChooseInLetters() ?? Primary());
        budget.Leave();
        return factor;
    }

    // Powers, subscripts, factorials, percent signs after a primary.
    private Node Postfix(Node primary)
    {
        var node = primary;
        for (var signs = 0; ; signs++)
        {
            budget.Step();
            if (signs > MaxPostfix) throw new WorkLimitException("nested too deeply");
            if (ScriptedChoice() is { } choice) node = choice;
            switch (Now.Kind)
            {
                case TokenKind.Caret:
                    at++;
                    node = Raise(node);
                    // f^{-1}(x) is the inverse function.
                    if (node is Power { Base: Symbol { Name: "f" or "g" or "h" or "F" or "G" or "H" } inverse,
                        Exponent: Number { Value: var exponent } } && exponent == Rational.MinusOne
                        && Now is { Kind: TokenKind.Open, Text: "(", SpaceBefore: false })
                    {
                        node = new Symbol(inverse.Name + InverseMark);
                    }
                    break;
                case TokenKind.Underscore:
                    at++;
                    node = Subscript(node);
                    break;
                case TokenKind.Factorial:
                    var count = 0;
                    for (; Now.Kind == TokenKind.Factorial; at++) count++;
                    if (count > 2) throw new NotMathException();
                    node = count == 1 ? new Call("!", [node]) : DoubleFactorial(node);
                    break;
                case TokenKind.Prime when node is Symbol symbol:
                    at++;
                    node = symbol with { Name = symbol.Name + "'" };
                    break;
                case TokenKind.Prime when node is Number { Value.IsInteger: true } && tokens[at + 1].Kind is TokenKind.Number
                    && Now.Text == "'":
                    at++;
                    node = FeetAndInches(node);
                    break;
                case TokenKind.Prime:
                    at++; // a stray quotation mark
                    break;
                case TokenKind.Percent:
                    at++;
                    node = new Percent(node);
                    break;
                case TokenKind.Degree:
                    at++;
                    node = Degrees(node);
                    break;
                case TokenKind.Open when node is Symbol function && Now.Text == "(" && !Now.SpaceBefore && IsFunctionName(function.Name):
                    at++;
                    var arguments = Items(TokenKind.Close, ")");
                    Expect(TokenKind.Close, ")");
                    node = new Call("fn " + function.Name,
                        arguments is Sequence { IsOpen: true } several ? several.Items : arguments is null ? [] : [arguments]);
                    break;
                default:
                    return node;
            }
        }
    }

    // Of 2k and 2k ± 1 by factorials, so that algebra knows it: (2k − 1)!! is (2k)! / (2^k k!).
    private static Node DoubleFactorial(Node node)
    {
        if (Tree.IsConstant(node)) return new Call("!!", [node]);
        var (even, rest) = node switch
        {
            Sum { Terms: [var term, Number { Value: var one }] } when one == Rational.One || one == Rational.MinusOne => (term, one),
            _ => (node, Rational.Zero),
        };
        if (even is not Product { Factors: [Number { Value: var two }, var k] } || two != 2) return new Call("!!", [node]);
        var product = Tree.Multiply(new Power(new Number(2), k), new Call("!", [k]));
        if (rest.IsZero) return product;
        return Tree.Divide(new Call("!", [rest.Sign > 0 ? node : even]), product);
    }

    // Whether brackets after the letter hold arguments: those of a function, or of a point or a count such as P(3, 2).
    private bool IsFunctionName(string name)
    {
        if (name is "f" or "g" or "h" or "F" or "G" or "H" || name.EndsWith(InverseMark, StringComparison.Ordinal)) return true;
        if (name.Length == 0 || !char.IsAsciiLetterUpper(name[0])) return false;
        var depth = 0;
        for (var i = at; tokens[i].Kind is not TokenKind.End; i++)
        {
            if (tokens[i].Kind is TokenKind.Open or TokenKind.GroupOpen) depth++;
            else if (tokens[i].Kind is TokenKind.Close or TokenKind.GroupClose && --depth == 0) return false;
            else if (depth == 1 && tokens[i].Kind is TokenKind.Comma or TokenKind.Semicolon) return true;
        }
        return false;
    }

    private Measured FeetAndInches(Node feet)
    {
        var inches = ToNumber(Now.Text);
        at++;
        while (Now.Kind is TokenKind.Prime) at++;
        return new Measured(new Sum([feet, Tree.Divide(inches, new Number(12))]), "ft");
    }

    private Measured Degrees(Node node)
    {
        // 30°15′20″
        foreach (var part in (ReadOnlySpan<int>)[60, 3600])
        {
            if (Now.Kind is not TokenKind.Number || tokens[at + 1].Kind is not TokenKind.Prime
                && !(tokens[at + 1].Kind is TokenKind.Caret && tokens[at + 2].Kind is TokenKind.Prime)) break;
            node = new Sum([node, Tree.Divide(ToNumber(Now.Text), new Number(part))]);
            at++;
            while (Now.Kind is TokenKind.Prime or TokenKind.Caret) at++;
        }
        // °C and °F are temperatures.
        if (Now.Kind is TokenKind.Letter or TokenKind.Word && Units.TemperatureScale(Now.Text) is { } scale)
        {
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
        if (Now.Kind is TokenKind.Operator && Now.Text is "+" or "*"
            && tokens[at + 1].Kind is not (TokenKind.Number or TokenKind.Letter or TokenKind.Open))
        {
            var mark = Now.Text;
            at++;
            return node is NamedSet set ? new NamedSet(set.Name + mark) : new Call(mark, [node]);
        }
        if (node is NamedSet named)
        {
            var power = Argument();
            return power is Call { Function: "mark" } mark
                ? new NamedSet(named.Name + ((Words)mark.Arguments[0]).Text) : new Power(named, power);
        }
        var sign = SignBefore();
        Node exponent = Now.Kind == TokenKind.GroupOpen ? Argument() : Postfix(Primary(exponent: true));
        exponent = Signed(sign, exponent);
        if (exponent is Symbol { Name: "T" or "⊤" } && node is Matrix matrix) return Transpose(matrix);
        if (exponent is Symbol { Name: "T" or "⊤" } && node is Sequence { Kind: SequenceKind.Tuple or SequenceKind.Bracketed } row
            && !row.Items.Any(item => item is Sequence)) return new Matrix([.. row.Items.Select(item => (IReadOnlyList<Node>)[item])]);
        return node is Measured measured
            ? measured with { Unit = $"{measured.Unit} ^ {(exponent as Number)?.Value}" } : new Power(node, exponent);
    }

    private static Matrix Transpose(Matrix matrix) =>
        new([.. Enumerable.Range(0, matrix.Rows[0].Count)
            .Select(column => (IReadOnlyList<Node>)[.. matrix.Rows.Select(row => column < row.Count ? row[column] : Number.Zero)])]);

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
                radix = Now.Kind is TokenKind.GroupOpen || IsBaseWithArgument() ? Argument() : Primary(exponent: true);
            }
        }
        var argument = FunctionArgument();
        var arguments = argument is Sequence { Kind: SequenceKind.Tuple or SequenceKind.List or SequenceKind.Set } several
            ? several.Items : [argument];
        if (radix is not null && name is "log")
        {
            arguments = [.. arguments, radix];
            name = "logbase";
        }
        if (power is Number { Value: var value } && value == Rational.MinusOne
            && name is "sin" or "cos" or "tan" or "cot" or "sinh" or "cosh" or "tanh")
            return new Call((name.Length == 3 ? "arc" : "ar") + name, arguments);
        var call = new Call(name, arguments);
        return power is null ? call : new Power(call, power);
    }

    // \log_23: without braces the base is one digit, where nothing else is left to apply the function to.
    private bool IsBaseWithArgument() => Now is { Kind: TokenKind.Number, Text.Length: > 1 } && Now.Text.All(char.IsAsciiDigit)
        && tokens[at + 1].Kind is not (TokenKind.Number or TokenKind.Letter or TokenKind.Open or TokenKind.GroupOpen or TokenKind.Command
            or TokenKind.Function or TokenKind.Bar);

    // What a function applies to: brackets, or the factors up to the next sign or function.
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
            while (Now.Kind is TokenKind.Letter or TokenKind.GroupOpen || Now.Kind is TokenKind.Number
                && tokens[at - 1].Kind is not TokenKind.Number || Now.Kind is TokenKind.Command
                && Now.Text is "frac" or "sqrt" or "√" or "∛"
                || Now.Kind is TokenKind.Open && Now.Text == "(" && factors[^1] is not Sequence && tokens[at - 1].Kind is TokenKind.Number)
                    factors.Add(Factor());
            argument = Signed(sign, Tree.Multiply([.. factors]));
        }
        budget.Leave();
        return argument;
    }
}
