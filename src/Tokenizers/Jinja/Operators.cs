namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Python's operators.</summary>
internal static class Operators
{
    private static readonly Dictionary<string, Func<long, long, object>> Whole = new()
    {
        ["+"] = (a, b) => checked(a + b), ["-"] = (a, b) => checked(a - b), ["*"] = (a, b) => checked(a * b),
            ["/"] = (a, b) => (double)a / NotZero(b),
        ["//"] = (a, b) => (a - Modulo(a, b)) / b, ["%"] = (a, b) => Modulo(a, b), ["**"] = Power,
    };

    private static readonly Dictionary<string, Func<double, double, object>> Real = new()
    {
        ["+"] = (a, b) => a + b, ["-"] = (a, b) => a - b, ["*"] = (a, b) => a * b, ["/"] = (a, b) => a / NotZero(b),
        ["//"] = (a, b) => Math.Floor(a / NotZero(b)), ["%"] = (a, b) => a - (NotZero(b) * Math.Floor(a / b)),
            ["**"] = (a, b) => Math.Pow(a, b),
    };

    /// <summary><c>not</c> and signs.</summary>
    public static object Unary(string name, object? operand) => (name, operand) switch
    {
        ("not", _) => !Values.IsTrue(operand),
        ("-", long whole) => checked(-whole),
        ("-", double real) => -real,
        ("+", long or double) => operand,
        (_, bool flag) => name == "-" ? flag ? -1L : 0L : flag ? 1L : 0L,
        _ => throw Unusable(name, operand),
    };

    /// <summary>Arithmetic, concatenation, repetition, formatting.</summary>
    public static object? Binary(string name, object? left, object? right, JinjaRun run)
    {
        if (name == "~") return Concatenated(PythonText.Str(left), PythonText.Str(right), run);
        if (left is Undefined) throw Unusable(name, left);
        if (right is Undefined) throw Unusable(name, right);
        switch (name, left, right)
        {
            case ("+", string a, string b): return Concatenated(a, b, run);
            case ("+", List<object?> a, List<object?> b): return (List<object?>)[.. a, .. b];
            case ("+", object?[] a, object?[] b): return (object?[])[.. a, .. b];
            case ("*", string or List<object?>, long count): return Repeat(left, count, run);
            case ("*", long count, string or List<object?>): return Repeat(right, count, run);
            case ("%", string format, _): return StringFormat.Percent(format, right is object?[] tuple ? tuple : [right]);
        }
        if (AsWhole(left) is { } x && AsWhole(right) is { } y)
        {
            try
            {
                return Whole[name](x, y);
            }
            catch (OverflowException)
            {
                throw new JinjaException($"{x} {name} {y} is too large");
            }
        }
        return Values.Number(left) is { } u && Values.Number(right) is { } v
            ? Real[name](u, v)
            : throw new JinjaException($"'{name}' does not go with {Values.TypeName(left)} and {Values.TypeName(right)}");
    }

    private static string Concatenated(string left, string right, JinjaRun run)
    {
        run.Reserve((long)left.Length + right.Length);
        return left + right;
    }

    /// <summary>Comparisons and membership.</summary>
    public static bool Compare(string name, object? left, object? right) => name switch
    {
        "==" => Values.AreEqual(left, right),
        "!=" => !Values.AreEqual(left, right),
        "in" => Contains(right, left),
        "not in" => !Contains(right, left),
        "<" => Order(name, left, right) < 0,
        "<=" => Order(name, left, right) <= 0,
        ">" => Order(name, left, right) > 0,
        _ => Order(name, left, right) >= 0,
    };

    /// <summary>Python's order; throws where there is none.</summary>
    public static int Order(string name, object? left, object? right)
    {
        Recursion.Check();
        if (left is string a && right is string b)
        {
            JinjaWork.Passed(Math.Min(a.Length, b.Length));
            return CompareCodePoints(a, b);
        }
        if (Values.Number(left) is { } x && Values.Number(right) is { } y) return x.CompareTo(y);
        if ((left is List<object?> && right is List<object?>) || (left is object?[] && right is object?[]))
        {
            foreach (var (first, second) in Values.Iterate(left).Zip(Values.Iterate(right)))
            {
                if (!Values.AreEqual(first, second)) return Order(name, first, second);
            }
            return Values.Length(left).CompareTo(Values.Length(right));
        }
        throw left is Undefined ? Unusable(name, left) : right is Undefined ? Unusable(name, right)
            : new JinjaException($"'{name}' does not go with {Values.TypeName(left)} and {Values.TypeName(right)}");
    }

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(object? container, object? value) => container switch
    {
        string text =>
            value is string part
            ? TextSearch.IndexOf(text, part) >= 0 : throw new JinjaException($"'in' a text needs a text, not {Values.TypeName(value)}"),
        JinjaDict dict => dict.ContainsKey(value ?? JinjaDict.NoneKey),
        JinjaNamespace space => value is string name && space.ContainsKey(name),
        _ => Values.Iterate(container).Any(item => Values.AreEqual(item, value)),
    };

    private static int CompareCodePoints(string left, string right)
    {
        foreach (var (a, b) in left.EnumerateRunes().Zip(right.EnumerateRunes()))
        {
            if (a != b) return a.CompareTo(b);
        }
        return left.Length.CompareTo(right.Length);
    }

    private static long? AsWhole(object? value) => value switch { long whole => whole, bool flag => flag ? 1 : 0, _ => null };

    private static object Repeat(object? value, long count, JinjaRun run)
    {
        count = Math.Max(0, count);
        run.Reserve(count > int.MaxValue
            ? long.MaxValue : count * Math.Max(1, value is string ? ((string)value).Length : ((List<object?>)value!).Count));
        return value is string text
            ? string.Concat(Enumerable.Repeat(text, (int)count))
            : Enumerable.Repeat((List<object?>)value!, (int)count).SelectMany(items => items).ToList();
    }

    private static object Power(long value, long exponent)
    {
        if (exponent < 0) return Math.Pow(value, exponent);
        long result = 1;
        for (; exponent > 0; exponent--)
        {
            if (value is 0 or 1) return value;
            if (value == -1) return exponent % 2 == 0 ? result : -result;
            result = checked(result * value);
        }
        return result;
    }

    private static long Modulo(long value, long divisor) => ((value % NotZero(divisor)) + divisor) % divisor;

    private static T NotZero<T>(T divisor)
        where T : System.Numerics.INumber<T> => divisor == T.Zero ? throw new JinjaException("division by zero") : divisor;

    private static JinjaException Unusable(string name, object? value) =>
        new(value is Undefined undefined ? undefined.Problem : $"'{name}' does not go with {Values.TypeName(value)}");
}
