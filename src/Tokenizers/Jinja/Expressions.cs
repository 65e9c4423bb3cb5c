namespace R1Cloud.Tokenizers.Jinja;

/// <summary>An expression.</summary>
/// <param name="Line">Its line.</param>
internal abstract record Expression(int Line)
{
    /// <summary>Its value.</summary>
    public object? Evaluate(JinjaRun run)
    {
        run.Step(Line);
        return run.Seen(Value(run));
    }

    /// <summary>Computes the value.</summary>
    protected abstract object? Value(JinjaRun run);
}

/// <summary>A constant.</summary>
internal sealed record Literal(int Line, object? Constant) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run) => Constant;
}

/// <summary>A variable.</summary>
internal sealed record Variable(int Line, string Name) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run) => run.Get(Name);
}

/// <summary>A list, or a tuple.</summary>
internal sealed record ListLiteral(int Line, IReadOnlyList<Expression> Items, bool IsTuple) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run)
    {
        var items = Items.Select(item => item.Evaluate(run));
        return run.Sized(IsTuple ? items.ToArray() : items.ToList());
    }
}

/// <summary>A dictionary.</summary>
internal sealed record DictLiteral(int Line, IReadOnlyList<(Expression Key, Expression Value)> Entries) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run)
    {
        var dict = new JinjaDict();
        foreach (var (key, value) in Entries) dict[key.Evaluate(run) ?? JinjaDict.NoneKey] = value.Evaluate(run);
        return run.Sized(dict);
    }
}

/// <summary><c>a.b</c>: an attribute, else an item.</summary>
internal sealed record Attribute(int Line, Expression Target, string Name) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run) => Members.Attribute(Target.Evaluate(run), Name);
}

/// <summary><c>a[b]</c>: an item, else an attribute.</summary>
internal sealed record Item(int Line, Expression Target, Expression Key) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run) => Members.Item(Target.Evaluate(run), Key.Evaluate(run));
}

/// <summary><c>a[start:stop:step]</c>.</summary>
internal sealed record Slice(int Line, Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run) =>
        run.Sized(Members.Slice(Target.Evaluate(run), Start?.Evaluate(run), Stop?.Evaluate(run), Step?.Evaluate(run)));
}

/// <summary>Arguments as written.</summary>
internal sealed record ArgumentList(IReadOnlyList<(Expression Value, bool Spread)> Positional,
    IReadOnlyList<(string Name, Expression Value)> Named)
{
    /// <summary>No arguments.</summary>
    public static ArgumentList None { get; } = new([], []);

    /// <summary>Their values.</summary>
    public Arguments Evaluate(JinjaRun run)
    {
        var positional = new List<object?>();
        foreach (var (value, spread) in Positional)
        {
            if (spread) positional.AddRange(Values.Iterate(run.Sized(value.Evaluate(run))));
            else positional.Add(value.Evaluate(run));
        }
        return new(run, positional, Named.ToDictionary(argument => argument.Name, argument => argument.Value.Evaluate(run)));
    }
}

/// <summary>A call.</summary>
internal sealed record CallExpression(int Line, Expression Target, ArgumentList Arguments) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run)
    {
        var target = Target.Evaluate(run);
        var arguments = Arguments.Evaluate(run);
        using var _ = run.Enter(Line);
        return (target as JinjaFunction ?? (target as LoopState)?.Again) is { } function
            ? run.Sized(function(arguments))
            : throw new JinjaException(target is Undefined missing ? missing.Problem : $"{Values.TypeName(target)} cannot be called");
    }
}

/// <summary><c>value | name(…)</c>.</summary>
internal sealed record Filter(int Line, Expression Target, string Name, ArgumentList Arguments) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run) => run.Sized(Filters.Find(Name)(Target.Evaluate(run), Arguments.Evaluate(run)));
}

/// <summary><c>value is name …</c>.</summary>
internal sealed record Test(int Line, Expression Target, string Name, ArgumentList Arguments, bool Negated) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run) => Predicates.Find(Name)(Target.Evaluate(run), Arguments.Evaluate(run)) != Negated;
}

/// <summary><c>a if b else c</c>.</summary>
internal sealed record ConditionalExpression(int Line, Expression Condition, Expression Then, Expression? Else) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run) => Values.IsTrue(Condition.Evaluate(run))
        ? Then.Evaluate(run)
        : Else is null ? new Undefined("the inline if without an else has no value here") : Else.Evaluate(run);
}

/// <summary><c>a and b</c>, <c>a or b</c>: one of their values.</summary>
internal sealed record Logical(int Line, Expression Left, Expression Right, bool IsAnd) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run)
    {
        var left = Left.Evaluate(run);
        return Values.IsTrue(left) == IsAnd ? Right.Evaluate(run) : left;
    }
}

/// <summary><c>not a</c>, <c>-a</c>, <c>+a</c>.</summary>
internal sealed record Unary(int Line, string Operator, Expression Operand) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run) => Operators.Unary(Operator, Operand.Evaluate(run));
}

/// <summary>Arithmetic and <c>~</c>.</summary>
internal sealed record Binary(int Line, string Operator, Expression Left, Expression Right) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run) => run.Sized(Operators.Binary(Operator, Left.Evaluate(run), Right.Evaluate(run), run));
}

/// <summary><c>a &lt; b &lt;= c</c>, <c>a in b</c>.</summary>
internal sealed record Comparison(int Line, Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest) : Expression(Line)
{
    /// <inheritdoc/>
    protected override object? Value(JinjaRun run)
    {
        var left = First.Evaluate(run);
        foreach (var (name, operand) in Rest)
        {
            var right = operand.Evaluate(run);
            if (!Operators.Compare(name, left, right)) return false;
            left = right;
        }
        return true;
    }
}
