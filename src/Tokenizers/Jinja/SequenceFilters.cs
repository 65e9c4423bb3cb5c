using System.Globalization;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Jinja's filters of sequences.</summary>
internal static class SequenceFilters
{
    /// <summary>All of them.</summary>
    public static IReadOnlyDictionary<string, Func<object?, Arguments, object?>> All {
        get; } = new Dictionary<string, Func<object?, Arguments, object?>>
    {
        ["batch"] = Batch,
        ["count"] = (value, _) => Values.Length(value),
        ["dictsort"] = DictSort,
        ["first"] = (value, _) =>
            Values.Iterate(value) is var items && items.Any() ? items.First() : new Undefined("there is no first item"),
        ["groupby"] = GroupBy,
        ["join"] = Join,
        ["last"] = (value, _) => Values.Iterate(value) is var items && items.Any() ? items.Last() : new Undefined("there is no last item"),
        ["length"] = (value, _) => Values.Length(value),
        ["list"] = (value, _) => Values.Iterate(value).ToList(),
        ["map"] = Map,
        ["max"] = (value, arguments) => Extreme(value, arguments, 1),
        ["min"] = (value, arguments) => Extreme(value, arguments, -1),
        ["reject"] = (value, arguments) => Select(value, arguments, wanted: false, attribute: false),
        ["rejectattr"] = (value, arguments) => Select(value, arguments, wanted: false, attribute: true),
        ["reverse"] = (value, _) =>
            value is string text ? string.Concat(Values.CodePoints(text).Reverse()) : Values.Iterate(value).Reverse().ToList(),
        ["select"] = (value, arguments) => Select(value, arguments, wanted: true, attribute: false),
        ["selectattr"] = (value, arguments) => Select(value, arguments, wanted: true, attribute: true),
        ["slice"] = Slice,
        ["sort"] = Sort,
        ["sum"] = Sum,
        ["unique"] = Unique,
    };

    // An item's attribute by a path such as function.name or 0.
    private static object? Attribute(object? item, object? path)
    {
        if (path is null) return item;
        foreach (var part in PythonText.Str(path).Split('.'))
            item = Members.Item(item, long.TryParse(part, CultureInfo.InvariantCulture, out var place) ? place : part);
        return item;
    }

    // What to compare by: an attribute if one is given, and small letters unless case counts.
    private static Func<object?, object?> Key(object? attribute, bool caseSensitive) =>
        item => Attribute(item, attribute) is var value && value is string text && !caseSensitive
            ? JinjaWork.Piece(text.ToLowerInvariant()) : value;

    private static List<object?> Batch(object? value, Arguments arguments)
    {
        var size = arguments.Whole(0, "linecount", 0);
        if (size < 1) throw new JinjaException("batch: the size must be at least 1");
        var batches = Values.Iterate(value).Chunk(size).Select(chunk => JinjaWork.Items(chunk.ToList())).ToList();
        if (arguments.TryGet(1, "fill_with", out var fill) && batches.Count > 0)
        {
            arguments.Run.Reserve(size);
            while (batches[^1].Count < size) batches[^1].Add(fill);
        }
        return [.. batches];
    }

    private static List<object?> Slice(object? value, Arguments arguments)
    {
        var items = Values.Iterate(value).ToList();
        var slices = arguments.Whole(0, "slices", 0);
        if (slices < 1) throw new JinjaException("slice: the number must be at least 1");
        arguments.Run.Reserve(slices);
        int each = items.Count / slices, more = items.Count % slices, at = 0;
        var result = new List<object?>();
        for (var i = 0; i < slices; i++)
        {
            var count = each + (i < more ? 1 : 0);
            var part = JinjaWork.Items(items.GetRange(at, count));
            at += count;
            if (arguments.TryGet(1, "fill_with", out var fill) && i >= more && more > 0) part.Add(fill);
            result.Add(part);
        }
        return result;
    }

    private static List<object?> DictSort(object? value, Arguments arguments)
    {
        if (value is not JinjaDict dict) throw new JinjaException($"dictsort needs a dictionary, not {Values.TypeName(value)}");
        var place = arguments.Text(1, "by", "key") == "value" ? 1L : 0L;
        var pairs = dict.Select(entry => (object?)JinjaWork.Items(new[] { Values.FromKey(entry.Key), entry.Value }));
        return Ordered(pairs, Key(place, Values.IsTrue(arguments.Get(0, "case_sensitive", false))),
            Values.IsTrue(arguments.Get(2, "reverse", false)));
    }

    private static List<object?> Sort(object? value, Arguments arguments) => Ordered(
        Values.Iterate(value), Key(arguments.Get(2, "attribute", null), Values.IsTrue(arguments.Get(1, "case_sensitive", false))),
            Values.IsTrue(arguments.Get(0, "reverse", false)));

    private static List<object?> Ordered(IEnumerable<object?> items, Func<object?, object?> key, bool reverse)
    {
        var order = Comparer<object?>.Create((left, right) => Operators.Order("<", left, right));
        try
        {
            return [.. reverse ? items.OrderByDescending(key, order) : items.OrderBy(key, order)];
        }
        catch (InvalidOperationException e) when (e.InnerException is JinjaException inner)
        {
            throw new JinjaException(inner.Message, inner.Line); // sorting wraps what comparing throws
        }
    }

    private static List<object?> GroupBy(object? value, Arguments arguments)
    {
        var key = Key(arguments.Get(0, "attribute"), Values.IsTrue(arguments.Get(2, "case_sensitive", false)));
        var groups = new List<object?>();
        var sorted = Ordered(Values.Iterate(value), key, reverse: false);
        foreach (var item in sorted)
        {
            if (groups.Count > 0 && groups[^1] is object?[] last && Values.AreEqual(key(((List<object?>)last[1]!)[0]), key(item)))
                ((List<object?>)last[1]!).Add(item);
            else groups.Add(JinjaWork.Items(new object?[] { Attribute(item, arguments.Get(0, "attribute")), new List<object?> { item } }));
        }
        return groups;
    }

    private static string Join(object? value, Arguments arguments)
    {
        var attribute = arguments.Get(1, "attribute", null);
        return PythonText.Join(PythonText.Str(arguments.Get(0, "d", "")),
            Values.Iterate(value).Select(item => PythonText.Str(Attribute(item, attribute))));
    }

    private static List<object?> Map(object? value, Arguments arguments)
    {
        if (arguments.Named.TryGetValue("attribute", out var attribute))
        {
            return [.. Values.Iterate(value).Select(item =>
                Attribute(item, attribute) is var part && part is Undefined && arguments.Named.TryGetValue("default", out var otherwise)
                    ? otherwise : part)];
        }
        var filter = Filters.Find(arguments.Text(0, "filter"));
        return [.. Values.Iterate(value).Select(item => arguments.Run.Sized(filter(item, arguments.From(1))))];
    }

    private static List<object?> Select(object? value, Arguments arguments, bool wanted, bool attribute)
    {
        var from = attribute ? 1 : 0;
        var path = attribute ? arguments.Get(0, "attribute") : null;
        Func<object?, bool> passes = Values.IsTrue;
        if (arguments.Positional.Count > from)
        {
            var test = Predicates.Find(arguments.Text(from, "test"));
            passes = item => test(item, arguments.From(from + 1));
        }
        return [.. Values.Iterate(value).Where(item => passes(Attribute(item, path)) == wanted)];
    }

    private static object? Extreme(object? value, Arguments arguments, int sign)
    {
        var key = Key(arguments.Get(1, "attribute", null), Values.IsTrue(arguments.Get(0, "case_sensitive", false)));
        var items = Values.Iterate(value).ToList();
        return items.Count == 0
            ? new Undefined("there is no item to choose")
            : items.Aggregate((best, item) => Operators.Order("<", key(item), key(best)) * sign > 0 ? item : best);
    }

    private static object? Sum(object? value, Arguments arguments)
    {
        var attribute = arguments.Get(0, "attribute", null);
        return Values.Iterate(value)
            .Aggregate(arguments.Get(1, "start", 0L),
                (sum, item) => arguments.Run.Sized(Operators.Binary("+", sum, Attribute(item, attribute), arguments.Run)));
    }

    private static List<object?> Unique(object? value, Arguments arguments)
    {
        var key = Key(arguments.Get(1, "attribute", null), Values.IsTrue(arguments.Get(0, "case_sensitive", false)));
        var seen = new HashSet<object>(ValueComparer.Instance);
        return [.. Values.Iterate(value).Where(item => seen.Add(key(item) ?? JinjaDict.NoneKey))];
    }
}
