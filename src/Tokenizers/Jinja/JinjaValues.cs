namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Something to call.</summary>
internal delegate object? JinjaFunction(Arguments arguments);

/// <summary>What is not there; fine to ask about, an error to use.</summary>
/// <param name="Problem">What using it says.</param>
internal sealed record Undefined(string Problem);

/// <summary>A dictionary, in the order of its entries.</summary>
internal sealed class JinjaDict() : OrderedDictionary<object, object?>(ValueComparer.Instance)
{
    /// <summary>Stands for none as a key.</summary>
    public static object NoneKey { get; } = new();
}

/// <summary>What <c>namespace()</c> makes: attributes that can be set.</summary>
internal sealed class JinjaNamespace : Dictionary<string, object?>;

/// <summary>The arguments of a call.</summary>
/// <param name="Run">The run that calls.</param>
/// <param name="Positional">Those without names.</param>
/// <param name="Named">Those with names.</param>
internal sealed record Arguments(JinjaRun Run, IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    /// <summary>An argument by place or name that must be there.</summary>
    public object? Get(int place, string name) =>
        TryGet(place, name, out var value) ? value : throw new JinjaException($"the argument '{name}' is missing");

    /// <summary>An argument by place or name, or what stands in for it.</summary>
    public object? Get(int place, string name, object? otherwise) => TryGet(place, name, out var value) ? value : otherwise;

    /// <summary>Whether an argument is there.</summary>
    public bool TryGet(int place, string name, out object? value)
    {
        if (place >= Positional.Count) return Named.TryGetValue(name, out value);
        value = Positional[place];
        return true;
    }

    /// <summary>A text.</summary>
    public string Text(int place, string name, string? otherwise = null) => Get(place, name, otherwise) is string text
        ? text
        : throw new JinjaException($"the argument '{name}' must be a text");

    /// <summary>A whole number.</summary>
    public int Whole(int place, string name, int otherwise) => Get(place, name, (long)otherwise) switch
    {
        long whole and >= int.MinValue and <= int.MaxValue => (int)whole,
        bool flag => flag ? 1 : 0,
        _ => throw new JinjaException($"the argument '{name}' must be a whole number"),
    };

    /// <summary>The arguments from a place on.</summary>
    public Arguments From(int place) => this with { Positional = [.. Positional.Skip(place)] };
}

/// <summary>Python's equality, for keys.</summary>
internal sealed class ValueComparer : IEqualityComparer<object>
{
    /// <summary>The one there is.</summary>
    public static ValueComparer Instance { get; } = new();

    /// <inheritdoc/>
    public new bool Equals(object? x, object? y) => Values.AreEqual(x, y);

    /// <inheritdoc/>
    public int GetHashCode(object value) => value switch
    {
        bool flag => (flag ? 1.0 : 0.0).GetHashCode(),
        long whole => ((double)whole).GetHashCode(),
        object?[] tuple => tuple.Length,
        List<object?> or JinjaDict => throw new JinjaException($"{Values.TypeName(value)} cannot be a key"),
        _ => value.GetHashCode(),
    };
}
