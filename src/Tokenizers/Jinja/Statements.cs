namespace R1Cloud.Tokenizers.Jinja;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    /// <summary>The next one follows.</summary>
    Next,

    /// <summary>The loop ends.</summary>
    Break,

    /// <summary>The loop's next round follows.</summary>
    Continue,
}

/// <summary>A statement.</summary>
/// <param name="Line">Its line.</param>
internal abstract record Statement(int Line)
{
    /// <summary>Runs it.</summary>
    public Flow Run(JinjaRun run)
    {
        run.Step(Line);
        return Render(run);
    }

    /// <summary>Does what it says.</summary>
    protected abstract Flow Render(JinjaRun run);
}

/// <summary>Statements in a row.</summary>
internal sealed record Body(int Line, IReadOnlyList<Statement> Statements) : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        foreach (var statement in Statements)
        {
            if (statement.Run(run) is var flow and not Flow.Next) return flow;
        }
        return Flow.Next;
    }
}

/// <summary>Text as it is.</summary>
internal sealed record Data(int Line, string Text) : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        run.Write(Text);
        return Flow.Next;
    }
}

/// <summary><c>{{ value }}</c>.</summary>
internal sealed record Output(int Line, Expression Value) : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        run.Write(PythonText.Str(Value.Evaluate(run)));
        return Flow.Next;
    }
}

/// <summary><c>{% if %}</c> with its <c>elif</c> and <c>else</c>.</summary>
internal sealed record If(int Line, IReadOnlyList<(Expression Condition, Body Body)> Branches, Body? Else) : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        foreach (var (condition, body) in Branches)
        {
            if (Values.IsTrue(condition.Evaluate(run))) return body.Run(run);
        }
        return Else?.Run(run) ?? Flow.Next;
    }
}

/// <summary><c>{% set a = b %}</c>, <c>{% set ns.a = b %}</c>, <c>{% set a, b = c %}</c>.</summary>
internal sealed record Set(int Line, Target Target, Expression Value) : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        Target.Assign(run, Value.Evaluate(run));
        return Flow.Next;
    }
}

/// <summary><c>{% set a %}…{% endset %}</c>.</summary>
internal sealed record SetBlock(int Line, Target Target, Body Body, Func<Expression, Expression> Filtered) : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        var text = run.Capture(() => run.InScope(() => Body.Run(run)));
        Target.Assign(run, Filtered(new Literal(Line, text)).Evaluate(run));
        return Flow.Next;
    }
}

/// <summary>A body in a scope of its own: <c>{% with %}</c>, and <c>{% generation %}</c>, which only marks.</summary>
internal sealed record Scoped(int Line, IReadOnlyList<(Target Target, Expression Value)> Assignments, Body Body) : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        var values = Assignments.Select(assignment => assignment.Value.Evaluate(run)).ToList();
        return run.InScope(() =>
        {
            for (var i = 0; i < values.Count; i++) Assignments[i].Target.Assign(run, values[i]);
            return Body.Run(run);
        });
    }
}

/// <summary><c>{% filter name %}…{% endfilter %}</c>.</summary>
internal sealed record FilterBlock(int Line, Body Body, Func<Expression, Expression> Filtered) : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        var text = run.Capture(() => run.InScope(() => Body.Run(run)));
        run.Write(PythonText.Str(Filtered(new Literal(Line, text)).Evaluate(run)));
        return Flow.Next;
    }
}

/// <summary><c>{% break %}</c>, <c>{% continue %}</c>.</summary>
internal sealed record Jump(int Line, Flow To) : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run) => To;
}

/// <summary>Where a value goes: a name, an attribute of a namespace, or several of them.</summary>
internal sealed record Target(int Line, string Name, string? Attribute, IReadOnlyList<Target>? Several)
{
    /// <summary>Puts a value there.</summary>
    public void Assign(JinjaRun run, object? value)
    {
        if (Several is not null)
        {
            var values = Values.Iterate(value).ToList();
            if (values.Count != Several.Count) throw new JinjaException($"{values.Count} values cannot go to {Several.Count} names", Line);
            for (var i = 0; i < values.Count; i++) Several[i].Assign(run, values[i]);
        }
        else if (Attribute is null)
        {
            run.Set(Name, value);
        }
        else if (run.Get(Name) is JinjaNamespace space)
        {
            space[Attribute] = value;
        }
        else
        {
            throw new JinjaException($"'{Name}' is no namespace, so '{Name}.{Attribute}' cannot be set", Line);
        }
    }
}
