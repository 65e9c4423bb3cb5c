using System.Text.Json;
using System.Text.Json.Nodes;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>
/// What values are: null (none), <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>, <see cref="string"/>,
/// <c>List&lt;object?&gt;</c>, <c>object?[]</c> (a tuple), <see cref="JinjaDict"/>, <see cref="JinjaNamespace"/>, <see cref="LoopState"/>,
/// <see cref="JinjaFunction"/>, <see cref="Undefined"/>.
/// </summary>
internal static class Values
{
    /// <summary>JSON as a value.</summary>
    public static object? FromJson(JsonNode? node) => node switch
    {
        null => null,
        JsonObject dict => FromJson(dict),
        JsonArray list => list.Select(FromJson).ToList(),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => node.GetValue<string>(),
            JsonValueKind.Number => FromNumber(node.ToJsonString()),
            _ => null,
        },
    };

    /// <summary>Whether a value counts as true.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long whole => whole != 0,
        double real => real != 0,
        string text => text.Length > 0,
        System.Collections.ICollection items => items.Count > 0,
        _ => true,
    };

    /// <summary>Python's ==.</summary>
    public static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (null, null) or (Undefined, Undefined) => true,
        (string a, string b) => TextsEqual(a, b),
        _ when Number(left) is { } a && Number(right) is { } b => left is long x && right is long y ? x == y : a == b,
        (List<object?> a, List<object?> b) => SequencesEqual(a, b),
        (object?[] a, object?[] b) => SequencesEqual(a, b),
        (JinjaDict a, JinjaDict b) => DictsEqual(a, b),
        _ => ReferenceEquals(left, right),
    };

    /// <summary>A number (or true, false) as a real one; null for anything else.</summary>
    public static double? Number(object? value) => value switch
    {
        bool flag => flag ? 1 : 0,
        long whole => whole,
        double real => real,
        _ => null,
    };

    /// <summary>What a loop over a value goes through.</summary>
    public static IEnumerable<object?> Iterate(object? value) => value switch
    {
        string text => CodePoints(text),
        List<object?> list => list,
        object?[] tuple => tuple,
        JinjaDict dict => dict.Keys.Select(FromKey),
        Undefined => [],
        _ => throw new JinjaException($"{TypeName(value)} cannot be gone through"),
    };

    /// <summary>A dictionary's key as a value.</summary>
    public static object? FromKey(object key) => ReferenceEquals(key, JinjaDict.NoneKey) ? null : key;

    /// <summary>The code points of a text, each a text: what Python counts.</summary>
    public static IEnumerable<string> CodePoints(string text) => text.EnumerateRunes().Select(rune => JinjaWork.Piece(rune.ToString()));

    /// <summary>How many items a value has.</summary>
    public static long Length(object? value) => value switch
    {
        string text => text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text.Length : text.EnumerateRunes().Count(),
        System.Collections.ICollection items => items.Count,
        Undefined => 0,
        _ => throw new JinjaException($"{TypeName(value)} has no length"),
    };

    /// <summary>What a value is, for messages.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "none",
        Undefined => "something undefined",
        bool => "a boolean",
        long => "a whole number",
        double => "a number",
        string => "a text",
        List<object?> => "a list",
        object?[] => "a tuple",
        JinjaDict => "a dictionary",
        JinjaNamespace => "a namespace",
        JinjaFunction => "a function",
        _ => "the loop",
    };

    private static JinjaDict FromJson(JsonObject source)
    {
        var dict = new JinjaDict();
        foreach (var (name, value) in source) dict[name] = FromJson(value);
        return dict;
    }

    private static object FromNumber(string text) =>
        long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture,
            out var whole)
        ? whole
        : (object)double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static bool TextsEqual(string left, string right)
    {
        if (left.Length != right.Length) return false;
        JinjaWork.Passed(left.Length);
        return left == right;
    }

    private static bool DictsEqual(JinjaDict left, JinjaDict right)
    {
        Recursion.Check();
        JinjaWork.Passed(left.Count);
        return left.Count == right.Count && left.All(entry => right.TryGetValue(entry.Key, out var other) && AreEqual(entry.Value, other));
    }

    private static bool SequencesEqual(IReadOnlyList<object?> left, IReadOnlyList<object?> right)
    {
        Recursion.Check();
        if (left.Count != right.Count) return false;
        JinjaWork.Passed(left.Count);
        for (var i = 0; i < left.Count; i++)
        {
            if (!AreEqual(left[i], right[i])) return false;
        }
        return true;
    }
}
