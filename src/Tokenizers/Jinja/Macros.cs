namespace R1Cloud.Tokenizers.Jinja;

/// <summary><c>{% macro name(a, b=1) %}…{% endmacro %}</c>.</summary>
internal sealed record MacroDefinition(int Line, string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, Body Body)
    : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        run.Set(Name, Bind(run));
        return Flow.Next;
    }

    /// <summary>The macro as a function, with the variables where it is defined.</summary>
    public JinjaFunction Bind(JinjaRun run)
    {
        var scope = run.Scope;
        return arguments => run.Capture(() => run.InScope(() =>
        {
            Assign(run, arguments);
            return Body.Run(run);
        }, scope));
    }

    private void Assign(JinjaRun run, Arguments arguments)
    {
        var named = new Dictionary<string, object?>(arguments.Named);
        for (var i = 0; i < Parameters.Count; i++)
        {
            var (name, standard) = Parameters[i];
            if (i < arguments.Positional.Count)
            {
                if (named.ContainsKey(name)) throw new JinjaException($"macro '{Name}': the argument '{name}' is given twice");
                run.Set(name, arguments.Positional[i]);
            }
            else if (named.Remove(name, out var given)) run.Set(name, given);
            else run.Set(name, standard is null ? new Undefined($"the parameter '{name}' was not given") : standard.Evaluate(run));
        }
        if (named.Remove("caller", out var caller)) run.Set("caller", caller);
        run.Set("varargs", arguments.Positional.Skip(Parameters.Count).ToArray());
        var rest = new JinjaDict();
        foreach (var (name, value) in named) rest[name] = value;
        run.Set("kwargs", rest);
    }
}

/// <summary><c>{% call name(…) %}…{% endcall %}</c>: the macro gets the body as <c>caller</c>.</summary>
internal sealed record CallBlock(int Line, CallExpression Call, MacroDefinition Caller) : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        var call = Call with {
            Arguments = Call.Arguments with { Named = [.. Call.Arguments.Named, ("caller", new Literal(Line, Caller.Bind(run)))] } };
        run.Write(PythonText.Str(call.Evaluate(run)));
        return Flow.Next;
    }
}
