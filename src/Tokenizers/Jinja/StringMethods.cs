using System.Buffers;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>Python's methods of texts.</summary>
internal static class StringMethods
{
    private static readonly SearchValues<char> Spaces =
        SearchValues.Create([.. Enumerable.Range(0, 0x3001).Select(point => (char)point).Where(char.IsWhiteSpace)]);
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u001C\u001D\u001E\u0085\u2028\u2029");

    private static readonly Dictionary<string, Func<string, Arguments, object?>> Methods = new()
    {
        ["strip"] = (text, arguments) => Strip(text, arguments, left: true, right: true),
        ["lstrip"] = (text, arguments) => Strip(text, arguments, left: true, right: false),
        ["rstrip"] = (text, arguments) => Strip(text, arguments, left: false, right: true),
        ["split"] = (text, arguments) => Split(text, arguments, fromRight: false),
        ["rsplit"] = (text, arguments) => Split(text, arguments, fromRight: true),
        ["splitlines"] = (text, arguments) => Lines(text, Values.IsTrue(arguments.Get(0, "keepends", false))),
        ["partition"] = (text, arguments) =>
            Partition(text, arguments.Text(0, "sep"), TextSearch.IndexOf(text, arguments.Text(0, "sep")), first: true),
        ["rpartition"] = (text, arguments) =>
            Partition(text, arguments.Text(0, "sep"), TextSearch.LastIndexOf(text, arguments.Text(0, "sep")), first: false),
        ["startswith"] = (text, arguments) => Options(arguments).Any(option => text.StartsWith(option, StringComparison.Ordinal)),
        ["endswith"] = (text, arguments) => Options(arguments).Any(option => text.EndsWith(option, StringComparison.Ordinal)),
        ["removeprefix"] = (text, arguments) =>
            arguments.Text(0, "prefix") is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text,
        ["removesuffix"] = (text, arguments) =>
            arguments.Text(0, "suffix") is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text,
        ["replace"] = (text, arguments) =>
            Replace(arguments.Run, text, arguments.Text(0, "old"), arguments.Text(1, "new"), arguments.Whole(2, "count", -1)),
        ["upper"] = (text, _) => text.ToUpperInvariant(),
        ["lower"] = (text, _) => text.ToLowerInvariant(),
        ["casefold"] = (text, _) => text.ToLowerInvariant(),
        ["swapcase"] = (text, _) => string.Concat(text.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))),
        ["title"] = (text, _) => Title(text),
        ["capitalize"] = (text, _) => Capitalize(text),
        ["find"] = (text, arguments) => (long)TextSearch.IndexOf(text, arguments.Text(0, "sub")),
        ["rfind"] = (text, arguments) => (long)TextSearch.LastIndexOf(text, arguments.Text(0, "sub")),
        ["index"] = (text, arguments) =>
            TextSearch.IndexOf(text, arguments.Text(0, "sub")) is var at and >= 0
            ? (long)at : throw new JinjaException("index: the text is not in the other"),
        ["count"] = (text, arguments) =>
            arguments.Text(0, "sub") is { Length: > 0 } part ? (long)TextSearch.Count(text, part) : Values.Length(text) + 1,
        ["join"] = (text, arguments) => PythonText.Join(text, Values.Iterate(arguments.Get(0, "iterable")).Select(item =>
            item as string ?? throw new JinjaException($"join needs texts, not {Values.TypeName(item)}"))),
        ["format"] = (text, arguments) => StringFormat.Braces(text, arguments),
        ["zfill"] = (text, arguments) => text.PadLeft(Width(arguments), '0'),
        ["ljust"] = (text, arguments) => text.PadRight(Width(arguments), Fill(arguments)),
        ["rjust"] = (text, arguments) => text.PadLeft(Width(arguments), Fill(arguments)),
        ["isdigit"] = (text, _) => All(text, char.IsDigit),
        ["isnumeric"] = (text, _) => All(text, char.IsNumber),
        ["isdecimal"] = (text, _) => All(text, char.IsDigit),
        ["isalpha"] = (text, _) => All(text, char.IsLetter),
        ["isalnum"] = (text, _) => All(text, character => char.IsLetter(character) || char.IsNumber(character)),
        ["isspace"] = (text, _) => All(text, char.IsWhiteSpace),
        ["isupper"] = (text, _) => text.Any(char.IsUpper) && !text.Any(char.IsLower),
        ["islower"] = (text, _) => text.Any(char.IsLower) && !text.Any(char.IsUpper),
    };

    /// <summary>A method by its name, or null.</summary>
    public static Func<string, Arguments, object?>? Find(string name) => Methods.GetValueOrDefault(name);

    /// <summary>Python's <c>title</c>: a capital wherever a letter follows none.</summary>
    public static string Title(string text)
    {
        var inWord = false;
        return string.Concat(text.Select(character =>
        {
            var changed = inWord ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character);
            inWord = char.IsLetter(character);
            return changed;
        }));
    }

    /// <summary>A capital first, the rest small.</summary>
    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>Python's <c>replace</c>.</summary>
    public static string Replace(JinjaRun run, string text, string old, string with, int count)
    {
        if (old.Length == 0)
        {
            var limit = count < 0 ? int.MaxValue : count;
            run.Reserve(text.Length + ((long)with.Length * Math.Min(limit, text.Length + 1L)));
            var built = new System.Text.StringBuilder();
            foreach (var part in Values.CodePoints(text)) built.Append(limit-- > 0 ? with : "").Append(part);
            return built.Append(limit > 0 ? with : "").ToString();
        }
        run.Reserve(text.Length + ((text.Length / old.Length) * (long)with.Length));
        return TextSearch.Replace(text, old, with, count);
    }

    private static string Strip(string text, Arguments arguments, bool left, bool right)
    {
        // A set: there may be as many characters to strip as there are in the text.
        Func<char, bool> goes = arguments.Get(0, "chars", null) is null
            ? char.IsWhiteSpace : arguments.Text(0, "chars").ToHashSet().Contains;
        var (start, end) = (0, text.Length);
        while (left && start < end && goes(text[start])) start++;
        while (right && end > start && goes(text[end - 1])) end--;
        return text[start..end];
    }

    private static IEnumerable<string> Options(Arguments arguments) => arguments.Get(0, "prefix") switch
    {
        string text => [text],
        object?[] several =>
            several.Select(option => option is string one ? Looked(one) : throw new JinjaException("startswith and endswith need texts")),
        var other => throw new JinjaException($"startswith and endswith need a text or a tuple of texts, not {Values.TypeName(other)}"),
    };

    // Each of very many may be as long as the text, and almost match.
    private static string Looked(string option)
    {
        JinjaWork.Passed(option.Length);
        return option;
    }

    private static List<object?> Split(string text, Arguments arguments, bool fromRight)
    {
        var most = arguments.Whole(1, "maxsplit", -1);
        if (arguments.Get(0, "sep", null) is not null)
        {
            var separator = arguments.Text(0, "sep");
            if (separator.Length == 0) throw new JinjaException("split: the separator is empty");
            return fromRight ? SplitFromRight(text, separator, most) : SplitFromLeft(text, separator, most);
        }
        var words = new List<object?>();
        var rest = fromRight ? text.AsSpan().TrimEnd() : text.AsSpan().TrimStart();
        while (rest.Length > 0)
        {
            var space = most >= 0 && words.Count == most ? -1 : fromRight ? rest.LastIndexOfAny(Spaces) : rest.IndexOfAny(Spaces);
            var word = space < 0 ? rest : fromRight ? rest[(space + 1)..] : rest[..space];
            words.Add(JinjaWork.Piece(word.ToString()));
            if (space < 0) break;
            rest = fromRight ? rest[..space].TrimEnd() : rest[space..].TrimStart();
        }
        if (fromRight) words.Reverse();
        return words;
    }

    private static List<object?> SplitFromLeft(string text, string separator, int most)
    {
        var parts = new List<object?>();
        var start = 0;
        for (; most != 0 && TextSearch.IndexOf(text, separator, start) is var at and >= 0; most--)
        {
            parts.Add(JinjaWork.Piece(text[start..at]));
            start = at + separator.Length;
        }
        parts.Add(JinjaWork.Piece(text[start..]));
        return parts;
    }

    private static List<object?> SplitFromRight(string text, string separator, int most)
    {
        var parts = new List<object?>();
        var rest = text.AsSpan();
        for (; most != 0 && TextSearch.LastIndexOf(rest, separator) is var at and >= 0; most--)
        {
            parts.Add(JinjaWork.Piece(rest[(at + separator.Length)..].ToString()));
            rest = rest[..at];
        }
        parts.Add(JinjaWork.Piece(rest.ToString()));
        parts.Reverse();
        return parts;
    }

    private static List<object?> Lines(string text, bool keepEnds)
    {
        var lines = new List<object?>();
        for (var start = 0; start < text.Length;)
        {
            var end = text.AsSpan(start).IndexOfAny(LineEnds);
            if (end < 0)
            {
                lines.Add(JinjaWork.Piece(text[start..]));
                break;
            }
            end += start;
            var next = text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add(JinjaWork.Piece(text[start..(keepEnds ? next : end)]));
            start = next;
        }
        return lines;
    }

    private static object?[] Partition(string text, string separator, int at, bool first)
    {
        if (separator.Length == 0) throw new JinjaException("partition: the separator is empty");
        return at < 0 ? first ? [text, "", ""] : ["", "", text] : [text[..at], separator, text[(at + separator.Length)..]];
    }

    private static int Width(Arguments arguments)
    {
        var width = arguments.Whole(0, "width", 0);
        arguments.Run.Reserve(width);
        return Math.Max(0, width);
    }

    private static char Fill(Arguments arguments) =>
        arguments.Text(1, "fillchar", " ") is [var fill] ? fill : throw new JinjaException("the fill must be one character");

    private static bool All(string text, Func<char, bool> test) => text.Length > 0 && text.All(test);
}
