using System.Globalization;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Reads expressions; each method one level of precedence, from the loosest to the tightest.</summary>
internal sealed class ExpressionParser(JinjaTokens tokens)
{
    private static readonly Dictionary<string, object?> Constants = new()
    {
        ["true"] = true, ["True"] = true, ["false"] = false, ["False"] = false, ["none"] = null, ["None"] = null,
    };

    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private int depth;

    /// <summary>An expression, or several with commas between them, which make a tuple.</summary>
    public Expression Tuple(bool withCondition = true)
    {
        var line = tokens.Current.Line;
        var first = withCondition ? Any() : Or();
        if (!tokens.Current.IsMark(",")) return first;
        var items = new List<Expression> { first };
        while (tokens.TakeMark(",") && StartsExpression()) items.Add(withCondition ? Any() : Or());
        return new ListLiteral(line, items, IsTuple: true);
    }

    /// <summary>An expression.</summary>
    public Expression Any()
    {
        if (++depth > 100) throw new JinjaException("an expression is nested too deeply", tokens.Current.Line);
        var value = Or();
        while (tokens.Current.IsName("if"))
        {
            var line = tokens.Next().Line;
            var condition = Or();
            value = new ConditionalExpression(line, condition, value, tokens.TakeName("else") ? Any() : null);
        }
        depth--;
        return value;
    }

    /// <summary>Filters behind a block's tag; applied to the block's text.</summary>
    /// <param name="first">Whether the first filter has no bar before it.</param>
    public Func<Expression, Expression> FilterChain(bool first = false)
    {
        var filters = new List<(int Line, string Name, ArgumentList Arguments)>();
        while (first || tokens.TakeMark("|"))
        {
            first = false;
            filters.Add((tokens.Current.Line, DottedName(), OptionalArguments()));
            if (!Filters.Exists(filters[^1].Name)) throw Filters.Unknown(filters[^1].Name, filters[^1].Line);
        }
        return value => filters.Aggregate(value, (inner, filter) => new Filter(filter.Line, inner, filter.Name, filter.Arguments));
    }

    private Expression Or()
    {
        var left = And();
        while (tokens.Current.IsName("or")) left = new Logical(tokens.Next().Line, left, And(), IsAnd: false);
        return left;
    }

    private Expression And()
    {
        var left = Not();
        while (tokens.Current.IsName("and")) left = new Logical(tokens.Next().Line, left, Not(), IsAnd: true);
        return left;
    }

    private Expression Not()
    {
        if (!tokens.Current.IsName("not")) return Compare();
        if (++depth > 100) throw new JinjaException("an expression is nested too deeply", tokens.Current.Line);
        var negated = new Unary(tokens.Next().Line, "not", Not());
        depth--;
        return negated;
    }

    private Expression Compare()
    {
        var first = Sum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (tokens.Current.Kind == JinjaTokenKind.Mark && Comparisons.Contains(tokens.Current.Text))
                rest.Add((tokens.Next().Text, Sum()));
            else if (tokens.TakeName("in")) rest.Add(("in", Sum()));
            else if (tokens.Current.IsName("not") && tokens.Ahead.IsName("in"))
            {
                tokens.Next();
                tokens.Next();
                rest.Add(("not in", Sum()));
            }
            else
            {
                return rest.Count == 0 ? first : new Comparison(first.Line, first, rest);
            }
        }
    }

    private Expression Sum() => LeftToRight(Concatenation, "+", "-");

    private Expression Concatenation() => LeftToRight(Product, "~");

    private Expression Product() => LeftToRight(Power, "*", "/", "//", "%");

    private Expression Power() => LeftToRight(() => Signed(withFilters: true), "**");

    private Expression LeftToRight(Func<Expression> operand, params string[] operators)
    {
        var left = operand();
        while (tokens.Current.Kind == JinjaTokenKind.Mark && operators.Contains(tokens.Current.Text))
        {
            var name = tokens.Next();
            left = new Binary(name.Line, name.Text, left, operand());
        }
        return left;
    }

    private Expression Signed(bool withFilters)
    {
        if (++depth > 100) throw new JinjaException("an expression is nested too deeply", tokens.Current.Line);
        var value = tokens.Current.IsMark("-") || tokens.Current.IsMark("+")
            ? new Unary(tokens.Current.Line, tokens.Next().Text, Signed(withFilters: false))
            : Primary();
        value = Postfix(value);
        if (withFilters) value = FiltersAndTests(value);
        depth--;
        return value;
    }

    private Expression Primary()
    {
        var token = tokens.Next();
        switch (token.Kind)
        {
            case JinjaTokenKind.Name:
                return Constants.TryGetValue(token.Text, out var constant)
                    ? new Literal(token.Line, constant) : new Variable(token.Line, token.Text);
            case JinjaTokenKind.Text:
                var text = token.Text;
                while (tokens.Current.Kind == JinjaTokenKind.Text) text += tokens.Next().Text;
                return new Literal(token.Line, text);
            case JinjaTokenKind.Integer:
                return long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole)
                    ? new Literal(token.Line, whole)
                    : throw new JinjaException($"the number {token.Text} is too large", token.Line);
            case JinjaTokenKind.Float:
                return new Literal(token.Line, double.Parse(token.Text, CultureInfo.InvariantCulture));
            case JinjaTokenKind.Mark when token.Text == "(":
                if (tokens.TakeMark(")")) return new ListLiteral(token.Line, [], IsTuple: true);
                var inner = Tuple();
                tokens.ExpectMark(")");
                return inner;
            case JinjaTokenKind.Mark when token.Text == "[":
                return new ListLiteral(token.Line, Items("]", Any), IsTuple: false);
            case JinjaTokenKind.Mark when token.Text == "{":
                return new DictLiteral(token.Line, Items("}", () =>
                {
                    var key = Any();
                    tokens.ExpectMark(":");
                    return (key, Any());
                }));
            default:
                throw new JinjaException($"unexpected '{token.Text}' where a value must come", token.Line);
        }
    }

    private List<T> Items<T>(string end, Func<T> item)
    {
        var items = new List<T>();
        while (!tokens.TakeMark(end))
        {
            if (items.Count > 0) tokens.ExpectMark(",");
            if (tokens.TakeMark(end)) break;
            items.Add(item());
        }
        return items;
    }

    private Expression Postfix(Expression value)
    {
        while (true)
        {
            var line = tokens.Current.Line;
            if (tokens.TakeMark("."))
            {
                value = tokens.Current.Kind == JinjaTokenKind.Integer
                    ? new Item(line, value, Primary())
                    : new Attribute(line, value, tokens.Expect(JinjaTokenKind.Name, "an attribute's name").Text);
            }
            else if (tokens.TakeMark("[")) value = Subscript(line, value);
            else if (tokens.Current.IsMark("(")) value = new CallExpression(line, value, ArgumentsOf());
            else return value;
        }
    }

    private Expression Subscript(int line, Expression target)
    {
        var parts = new List<Expression?> { null };
        var isSlice = false;
        while (!tokens.TakeMark("]"))
        {
            if (tokens.TakeMark(":"))
            {
                isSlice = true;
                parts.Add(null);
            }
            else if (parts[^1] is null) parts[^1] = Tuple();
            else throw tokens.Unexpected("']'");
        }
        if (!isSlice) return parts[0] is { } key ? new Item(line, target, key) : throw new JinjaException("an index is missing", line);
        if (parts.Count > 3) throw new JinjaException("a slice has three parts at most", line);
        return new Slice(line, target, parts[0], parts[1], parts.ElementAtOrDefault(2));
    }

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            var line = tokens.Current.Line;
            if (tokens.TakeMark("|"))
            {
                var name = DottedName();
                if (!Filters.Exists(name)) throw Filters.Unknown(name, line);
                value = new Filter(line, value, name, OptionalArguments());
            }
            else if (tokens.TakeName("is")) value = TestOf(line, value);
            // A call or an index behind a filter's arguments belongs to its result.
            else if (tokens.Current.IsMark("(")) value = new CallExpression(line, value, ArgumentsOf());
            else return value;
        }
    }

    private Test TestOf(int line, Expression value)
    {
        var negated = tokens.TakeName("not");
        var name = DottedName();
        if (!Predicates.Exists(name)) throw Predicates.Unknown(name, line);
        var arguments = ArgumentList.None;
        if (tokens.Current.IsMark("(")) arguments = ArgumentsOf();
        else if (StartsExpression()
            && !(tokens.Current.Kind == JinjaTokenKind.Name
                && tokens.Current.Text is "else" or "or" or "and" or "is" or "if" or "not" or "in"))
            arguments = new ArgumentList([(Postfix(Primary()), false)], []);
        return new Test(line, value, name, arguments, negated);
    }

    private bool StartsExpression() =>
        tokens.Current.Kind is JinjaTokenKind.Name or JinjaTokenKind.Text or JinjaTokenKind.Integer or JinjaTokenKind.Float
        || (tokens.Current.Kind == JinjaTokenKind.Mark && tokens.Current.Text is "(" or "[" or "{");

    private string DottedName()
    {
        var name = tokens.Expect(JinjaTokenKind.Name, "a name").Text;
        while (tokens.TakeMark(".")) name += "." + tokens.Expect(JinjaTokenKind.Name, "a name").Text;
        return name;
    }

    private ArgumentList OptionalArguments() => tokens.Current.IsMark("(") ? ArgumentsOf() : ArgumentList.None;

    private ArgumentList ArgumentsOf()
    {
        tokens.ExpectMark("(");
        var positional = new List<(Expression, bool)>();
        var named = new List<(string, Expression)>();
        while (!tokens.TakeMark(")"))
        {
            if (positional.Count + named.Count > 0) tokens.ExpectMark(",");
            if (tokens.TakeMark(")")) break;
            if (tokens.Current.Kind == JinjaTokenKind.Name && tokens.Ahead.IsMark("="))
            {
                var name = tokens.Next();
                tokens.Next();
                if (named.Any(argument => argument.Item1 == name.Text))
                    throw new JinjaException($"the argument '{name.Text}' is given twice", name.Line);
                named.Add((name.Text, Any()));
            }
            else
            {
                if (tokens.Current.IsMark("**")) throw tokens.Unexpected("an argument");
                var spread = tokens.TakeMark("*");
                positional.Add((Any(), spread));
            }
        }
        return new ArgumentList(positional, named);
    }
}
