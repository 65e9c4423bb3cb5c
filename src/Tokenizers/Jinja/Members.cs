namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Attributes, items and slices. There is no way from a value to anything of the program's.</summary>
internal static class Members
{
    private static readonly Dictionary<string, Func<JinjaDict, Arguments, object?>> DictMethods = new()
    {
        ["items"] = (dict, _) => dict.Select(entry => (object?)JinjaWork.Items(new[] { Values.FromKey(entry.Key), entry.Value })).ToList(),
        ["keys"] = (dict, _) => dict.Keys.Select(Values.FromKey).ToList(),
        ["values"] = (dict, _) => dict.Values.ToList(),
        ["get"] = (dict, arguments) =>
            dict.TryGetValue(arguments.Get(0, "key") ?? JinjaDict.NoneKey, out var value) ? value : arguments.Get(1, "default", null),
        ["copy"] = (dict, _) =>
        {
            var copy = new JinjaDict();
            foreach (var (key, value) in dict) copy[key] = value;
            return copy;
        },
    };

    private static readonly Dictionary<string, Func<IReadOnlyList<object?>, Arguments, object?>> ListMethods = new()
    {
        ["count"] = (list, arguments) => (long)list.Count(item => Values.AreEqual(item, arguments.Get(0, "value"))),
        ["index"] = (list, arguments) =>
            Enumerable.Range(0, list.Count).Where(i => Values.AreEqual(list[i], arguments.Get(0, "value"))).Select(i => (object?)(long)i)
            .FirstOrDefault() ?? throw new JinjaException("index: the value is not in the list"),
        ["copy"] = (list, _) => list.ToList(),
    };

    /// <summary><c>a.b</c>: a method or attribute, else an item.</summary>
    public static object? Attribute(object? target, string name) => Method(target, name) ?? (target switch
    {
        JinjaDict dict => dict.TryGetValue(name, out var value) ? value : Missing(name),
        JinjaNamespace space => space.TryGetValue(name, out var value) ? value : Missing(name),
        LoopState loop => loop.Attribute(name),
        Undefined undefined => throw new JinjaException(undefined.Problem),
        _ => new Undefined($"{Values.TypeName(target)} has no attribute '{name}'"),
    });

    /// <summary><c>a[b]</c>: an item, else a method or attribute.</summary>
    public static object? Item(object? target, object? key)
    {
        switch (target, key)
        {
            case (Undefined undefined, _):
                throw new JinjaException(undefined.Problem);
            case (JinjaDict dict, _) when dict.TryGetValue(key ?? JinjaDict.NoneKey, out var value):
                return value;
            case (string text, long at):
                var length = Values.Length(text);
                at = at < 0 ? at + length : at;
                return at < 0 || at >= length ? Missing(at) : length == text.Length
                    ? text[(int)at].ToString() : text.EnumerateRunes().ElementAt((int)at).ToString();
            case (List<object?> or object?[], long at):
                var items = (IReadOnlyList<object?>)target;
                at = at < 0 ? at + items.Count : at;
                return at < 0 || at >= items.Count ? Missing(at) : items[(int)at];
            case (_, string name):
                return Attribute(target, name);
            default:
                return new Undefined($"{Values.TypeName(target)} has no item {PythonText.Str(key)}");
        }
    }

    /// <summary><c>a[start:stop:step]</c>, of texts, lists and tuples.</summary>
    public static object? Slice(object? target, object? start, object? stop, object? step)
    {
        if (target is Undefined undefined) throw new JinjaException(undefined.Problem);
        var stride = Bound(step) ?? 1;
        if (stride == 0) throw new JinjaException("a slice's step must not be 0");
        if (target is not (string or List<object?> or object?[])) throw new JinjaException($"{Values.TypeName(target)} cannot be sliced");
        long count = Values.Length(target), low = stride > 0 ? 0 : -1, high = stride > 0 ? count : count - 1;
        long Clamp(long? bound, long otherwise) => bound is not { } at ? otherwise : Math.Clamp(at < 0 ? at + count : at, low, high);
        long from = Clamp(Bound(start), stride > 0 ? low : high), to = Clamp(Bound(stop), stride > 0 ? high : low);
        if (target is string text) return text.Length == count ? Take(text.AsSpan()) : string.Concat(Indices().Select(Runes(text)));
        var items = (IReadOnlyList<object?>)target;
        var taken = Indices().Select(at => items[at]).ToList();
        return target is object?[] ? taken.ToArray() : taken;

        IEnumerable<int> Indices()
        {
            for (var at = from; stride > 0 ? at < to : at > to; at += stride) yield return (int)at;
        }

        string Take(ReadOnlySpan<char> characters)
        {
            if (stride == 1) return from < to ? characters[(int)from..(int)to].ToString() : "";
            var built = new System.Text.StringBuilder();
            foreach (var at in Indices()) built.Append(characters[at]);
            return built.ToString();
        }
    }

    private static Func<int, string> Runes(string text)
    {
        JinjaWork.Made(2L * text.Length);
        System.Text.Rune[] runes = [.. text.EnumerateRunes()];
        return at => runes[at].ToString();
    }

    private static JinjaFunction? Method(object? target, string name) => target switch
    {
        string text when StringMethods.Find(name) is { } method => arguments => method(text, arguments),
        JinjaDict dict when DictMethods.TryGetValue(name, out var method) => arguments => method(dict, arguments),
        List<object?> or object?[] when ListMethods.TryGetValue(name, out var method) => arguments =>
            method((IReadOnlyList<object?>)target, arguments),
        _ => null,
    };

    private static long? Bound(object? value) => value switch
    {
        null => null,
        long whole => Math.Clamp(whole, -int.MaxValue, int.MaxValue),
        bool flag => flag ? 1 : 0,
        _ => throw new JinjaException($"a slice needs whole numbers, not {Values.TypeName(value)}"),
    };

    private static Undefined Missing(object key) => new($"there is no '{key}'");
}
