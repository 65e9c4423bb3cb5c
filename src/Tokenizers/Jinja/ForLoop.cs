namespace R1Cloud.Tokenizers.Jinja;

/// <summary><c>{% for a in b if c %}…{% else %}…{% endfor %}</c>.</summary>
internal sealed record ForLoop(int Line, Target Target, Expression Items, Expression? Condition, Body Body, Body? Else, bool IsRecursive)
    : Statement(Line)
{
    /// <inheritdoc/>
    protected override Flow Render(JinjaRun run)
    {
        Loop(run, Items.Evaluate(run), 0);
        return Flow.Next;
    }

    private void Loop(JinjaRun run, object? values, int depth)
    {
        List<object?> items = [];
        foreach (var item in Values.Iterate(values))
        {
            run.Step(Line);
            if (Condition is null || run.InScope(() => Passes(run, item))) items.Add(item);
        }
        if (items.Count == 0)
        {
            if (Else is not null) run.InScope(() => Else.Run(run));
            return;
        }
        var loop = new LoopState(items, depth) { Again = IsRecursive ? arguments => Again(run, arguments, depth) : null };
        using var _ = run.Enter(Line);
        for (; loop.Index < items.Count; loop.Index++)
        {
            var flow = run.InScope(() =>
            {
                Target.Assign(run, items[loop.Index]);
                run.Set("loop", loop);
                return Body.Run(run);
            });
            if (flow == Flow.Break) return;
        }
    }

    private bool Passes(JinjaRun run, object? item)
    {
        Target.Assign(run, item);
        return Values.IsTrue(Condition!.Evaluate(run));
    }

    private string Again(JinjaRun run, Arguments arguments, int depth) =>
        run.Capture(() => { Loop(run, arguments.Get(0, "iterable"), depth + 1); return Flow.Next; });
}

/// <summary>The variable <c>loop</c>.</summary>
internal sealed class LoopState(IReadOnlyList<object?> items, int depth)
{
    private object? lastChanged = new();

    /// <summary>The round, from 0.</summary>
    public int Index { get; set; }

    /// <summary>Runs a recursive loop on other items.</summary>
    public JinjaFunction? Again { get; init; }

    /// <summary>The value of an attribute.</summary>
    public object? Attribute(string name) => name switch
    {
        "index" => (long)Index + 1,
        "index0" => (long)Index,
        "revindex" => (long)(items.Count - Index),
        "revindex0" => (long)(items.Count - Index - 1),
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => (long)depth + 1,
        "depth0" => (long)depth,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("there is no next item"),
        "cycle" => (JinjaFunction)(arguments => arguments.Positional.Count > 0
            ? arguments.Positional[Index % arguments.Positional.Count]
            : throw new JinjaException("loop.cycle needs something to cycle through")),
        "changed" => (JinjaFunction)(arguments => Changed(arguments.Positional.ToArray())),
        _ => new Undefined($"'loop' has no attribute '{name}'"),
    };

    private bool Changed(object?[] value)
    {
        if (Values.AreEqual(lastChanged, value)) return false;
        lastChanged = value;
        return true;
    }
}
