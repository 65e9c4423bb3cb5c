using System.Globalization;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>The functions that every template has.</summary>
internal static class Globals
{
    private const int LongestRange = 100_000;

    /// <summary>All of them.</summary>
    public static IEnumerable<(string Name, object? Value)> All(TimeProvider clock) =>
    [
        ("namespace", (JinjaFunction)Namespace),
        ("dict", (JinjaFunction)(arguments => Dict(arguments))),
        ("range", (JinjaFunction)Range),
        ("raise_exception",
            (JinjaFunction)(arguments => throw new JinjaException($"the template refuses: {PythonText.Str(arguments.Get(0, "message"))}"))),
        ("strftime_now", (JinjaFunction)(arguments => StrfTime.Format(clock.GetLocalNow(), arguments.Text(0, "format")))),
        ("cycler", (JinjaFunction)(_ => throw new JinjaException("'cycler' is not supported; 'loop.cycle' is"))),
        ("joiner", (JinjaFunction)Joiner),
    ];

    private static JinjaNamespace Namespace(Arguments arguments)
    {
        var space = new JinjaNamespace();
        foreach (var (key, value) in Dict(arguments))
            space[key as string ?? throw new JinjaException("an attribute's name must be a text")] = value;
        return space;
    }

    private static JinjaDict Dict(Arguments arguments)
    {
        var dict = new JinjaDict();
        if (arguments.Positional.Count > 0)
        {
            if (arguments.Positional[0] is JinjaDict source)
            {
                foreach (var (key, value) in source) dict[key] = value;
            }
            else
            {
                foreach (var entry in Values.Iterate(arguments.Positional[0]))
                {
                    if (Values.Iterate(entry).ToList() is not [var key, var value]) throw new JinjaException("dict needs pairs");
                    dict[key ?? JinjaDict.NoneKey] = value;
                }
            }
        }
        foreach (var (name, value) in arguments.Named) dict[name] = value;
        return dict;
    }

    private static List<object?> Range(Arguments arguments)
    {
        if (arguments.Positional.Count is < 1 or > 3) throw new JinjaException("range needs one to three whole numbers");
        long first = arguments.Whole(0, "start", 0), second = arguments.Whole(1, "stop", 0), step = arguments.Whole(2, "step", 1);
        var (start, stop) = arguments.Positional.Count == 1 ? (0L, first) : (first, second);
        if (step == 0) throw new JinjaException("range: the step must not be 0");
        var count = Math.Max(0, ((step > 0 ? stop - start + step - 1 : start - stop - step - 1) / Math.Abs(step)));
        if (count > LongestRange)
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture, $"range: {count} numbers are more than {LongestRange}"));
        return [.. Enumerable.Range(0, (int)count).Select(i => (object?)(start + (i * step)))];
    }

    private static JinjaFunction Joiner(Arguments arguments)
    {
        var separator = arguments.Text(0, "sep", ", ");
        var used = false;
        return _ =>
        {
            var text = used ? separator : "";
            used = true;
            return text;
        };
    }
}
