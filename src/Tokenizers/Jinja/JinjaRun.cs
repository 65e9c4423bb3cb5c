using System.Text;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>One rendering: variables, output, and what it has used up.</summary>
internal sealed class JinjaRun
{
    // So many characters take a moment: the clock is looked at after them.
    private const long Moment = 1 << 20;

    private readonly JinjaLimits limits;
    private readonly TimeProvider clock;
    private readonly long started;
    private StringBuilder output = new();
    private long steps, made, passed;
    private int depth;

    /// <summary>Begins a rendering.</summary>
    /// <param name="variables">The template's variables.</param>
    /// <param name="limits">What it may use up.</param>
    /// <param name="clock">Time, for the limit and for the template's <c>strftime_now</c>.</param>
    public JinjaRun(IReadOnlyDictionary<string, object?> variables, JinjaLimits limits, TimeProvider clock)
    {
        (this.limits, this.clock) = (limits, clock);
        started = clock.GetTimestamp();
        var globals = new JinjaScope(null);
        foreach (var (name, value) in Globals.All(clock)) globals[name] = value;
        Scope = new JinjaScope(globals);
        foreach (var (name, value) in variables) Scope[name] = value;
    }

    /// <summary>The variables where the run is.</summary>
    public JinjaScope Scope { get; private set; }

    /// <summary>The line where the run is.</summary>
    public int Line { get; private set; }

    /// <summary>Everything written.</summary>
    public string Text => output.ToString();

    /// <summary>A variable's value.</summary>
    public object? Get(string name) => Scope.Find(name, out var value) ? value : new Undefined($"'{name}' is undefined");

    /// <summary>Sets a variable in the innermost scope.</summary>
    public void Set(string name, object? value) => Scope[name] = value;

    /// <summary>Counts a step.</summary>
    public void Step(int line)
    {
        Recursion.Check();
        Line = line;
        if (++steps > limits.Steps) throw new JinjaException($"the template takes more than {limits.Steps} steps");
        if ((steps & 0x3FF) == 0) CheckTime();
    }

    /// <summary>Counts characters that are made.</summary>
    public void Made(long characters)
    {
        made += characters;
        if (made > limits.Made) throw new JinjaException($"the template makes more than {limits.Made} characters in all");
        Passed(characters);
    }

    /// <summary>Counts characters or items that are gone through.</summary>
    public void Passed(long count)
    {
        passed += count;
        if (passed < Moment) return;
        passed = 0;
        CheckTime();
    }

    /// <summary>Takes note of a value that something is about to be done with.</summary>
    public object? Seen(object? value)
    {
        Passed(SizeOf(value));
        return value;
    }

    private void CheckTime()
    {
        if (clock.GetElapsedTime(started) > limits.Within)
            throw new JinjaException($"the template takes longer than {limits.Within.TotalSeconds} s");
    }

    /// <summary>Goes one level deeper; disposing comes back.</summary>
    public Level Enter(int line)
    {
        Line = line;
        if (++depth > limits.Depth) throw new JinjaException($"more than {limits.Depth} calls and loops within each other");
        return new Level(this);
    }

    /// <summary>Writes to the output.</summary>
    public void Write(string text)
    {
        if (output.Length + text.Length > limits.Size) throw new JinjaException($"the output is longer than {limits.Size} characters");
        Made(text.Length);
        output.Append(text);
    }

    /// <summary>A value that was made, if it is not too large.</summary>
    public object? Sized(object? value)
    {
        Check(SizeOf(value));
        Made(value is string text ? text.Length : (long)SizeOf(value) * JinjaLimits.ItemCost);
        return value;
    }

    /// <summary>Refuses a size beyond the limits, before anything of that size is made.</summary>
    public void Reserve(long size)
    {
        Check(size);
        if (size > limits.Made - made) throw new JinjaException($"the template makes more than {limits.Made} characters in all");
    }

    private void Check(long size)
    {
        if (size > limits.Size) throw new JinjaException($"a value of more than {limits.Size} characters or items");
    }

    private static int SizeOf(object? value) =>
        value switch { string text => text.Length, System.Collections.ICollection items => items.Count, _ => 0 };

    /// <summary>Runs something in a scope of its own.</summary>
    /// <param name="action">What to run.</param>
    /// <param name="parent">The scope around it; the current one unless given.</param>
    public T InScope<T>(Func<T> action, JinjaScope? parent = null)
    {
        var before = Scope;
        Scope = new JinjaScope(parent ?? before);
        try
        {
            return action();
        }
        finally
        {
            Scope = before;
        }
    }

    /// <summary>What something writes, instead of writing it.</summary>
    public string Capture(Func<Flow> action)
    {
        var before = output;
        output = new StringBuilder();
        try
        {
            action();
            Made(output.Length);
            return output.ToString();
        }
        finally
        {
            output = before;
        }
    }

    /// <summary>A level of nesting.</summary>
    internal readonly struct Level(JinjaRun run) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => run.depth--;
    }
}

/// <summary>Variables, and those around them.</summary>
internal sealed class JinjaScope(JinjaScope? parent) : Dictionary<string, object?>
{
    /// <summary>Finds a variable, from the inside out.</summary>
    public bool Find(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope.TryGetValue(name, out value)) return true;
        }
        value = null;
        return false;
    }

    private JinjaScope? Parent { get; } = parent;
}
