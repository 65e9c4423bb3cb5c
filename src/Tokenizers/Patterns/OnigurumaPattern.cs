using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace R1Cloud.Tokenizers.Patterns;

/// <summary>
/// Translates the regular expressions of <c>tokenizer.json</c> (Oniguruma, Ruby syntax) to .NET's. What differs: possessive quantifiers,
/// classes in classes and their intersections, scripts, multi-line anchors, and case folding (ſ is an s, the Kelvin sign a k). In a
/// translated pattern one UTF-16 unit stands for one code point: see <see cref="CodePointRegex"/>.
/// </summary>
internal sealed class OnigurumaPattern
{
    private const int Longest = 10_000; // the longest published have some 500

    private readonly string pattern;
    private int at;
    private int depth;

    private OnigurumaPattern(string pattern) => this.pattern = pattern;

    /// <summary>The pattern in .NET's syntax.</summary>
    /// <exception cref="FormatException">The pattern is malformed, or uses what is not translated.</exception>
    public static string Translate(string pattern)
    {
        if (pattern.Length > Longest) throw new FormatException($"it has {pattern.Length} characters; at most {Longest} are read");
        var translator = new OnigurumaPattern(pattern);
        var translated = translator.Alternatives(ignoreCase: false, dotAll: false);
        return translator.at == pattern.Length ? translated : throw translator.Bad("a closing ')' too many");
    }

    private bool More => at < pattern.Length;

    private string Alternatives(bool ignoreCase, bool dotAll)
    {
        if (++depth > 100) throw Bad("nested too deeply");
        var built = new StringBuilder();
        while (More && pattern[at] != ')')
        {
            if (pattern[at] == '|')
            {
                built.Append('|');
                at++;
            }
            else if (Take("(?#"))
            {
                while (More && pattern[at] != ')') at++;
                Expect(')');
            }
            else if (InlineOptions(ref ignoreCase, ref dotAll) is { } rest)
            {
                built.Append(rest);
            }
            else
            {
                built.Append(Quantified(Atom(ignoreCase, dotAll)));
            }
        }
        depth--;
        return built.ToString();
    }

    // (?i) holds to the end of its group: what follows becomes a group of its own.
    private string? InlineOptions(ref bool ignoreCase, ref bool dotAll)
    {
        var match = Regex.Match(pattern[at..], @"^\(\?([im]*)(?:-([im]+))?\)");
        if (!match.Success || match.Length < 4) return null;
        at += match.Length;
        return $"(?:{Alternatives(Option('i', ignoreCase, match), Option('m', dotAll, match))})";
    }

    private static bool Option(char name, bool before, Match match) =>
        match.Groups[1].Value.Contains(name) || (before && !match.Groups[2].Value.Contains(name));

    private string Atom(bool ignoreCase, bool dotAll)
    {
        var character = pattern[at];
        switch (character)
        {
            case '(': return Group(ignoreCase, dotAll);
            case '[': at++; return new CharacterClassParser(this, ignoreCase).Parse();
            case '.': at++; return dotAll ? @"[\s\S]" : @"[^\n]";
            case '^' or '$': at++; return character.ToString();
            case '\\' when at + 1 < pattern.Length && "AzZbBG".Contains(pattern[at + 1]): at += 2; return pattern[(at - 2)..at];
            case '*' or '+' or '?': throw Bad("a quantifier without anything before it");
            default:
                var (items, negated, _) = Unit(inClass: false, ignoreCase);
                return negated ? $"[^{items}]" : $"[{items}]";
        }
    }

    private string Group(bool ignoreCase, bool dotAll)
    {
        at++;
        var opening = "(";
        if (Take("?"))
        {
            var match = Regex.Match(pattern[at..], @"^(?:([im]*)(?:-([im]+))?:|=|!|<=|<!|>|<[A-Za-z_]\w*>)");
            if (!match.Success)
                throw Bad("a group that is not supported (supported: (?:), (?=), (?!), (?<=), (?<!), (?>), (?<name>), (?i), (?m))");
            at += match.Length;
            opening = match.Value.EndsWith(':') ? "(?:" : $"(?{match.Value}";
            ignoreCase = Option('i', ignoreCase, match);
            dotAll = Option('m', dotAll, match);
        }
        var inner = Alternatives(ignoreCase, dotAll);
        Expect(')');
        return $"{opening}{inner})";
    }

    private string Quantified(string atom)
    {
        while (More)
        {
            var match = Regex.Match(pattern[at..], @"^(?:[*+?]|\{(\d+)(,?)(\d*)\}|\{,(\d+)\})");
            if (!match.Success) return atom;
            at += match.Length;
            var interval = match.Value[0] == '{';
            var quantifier = match.Groups[4].Success ? $"{{0,{match.Groups[4].Value}}}" : match.Value;
            var isFixed = interval && match.Groups[2].Value.Length == 0 && match.Groups[1].Success;
            if (!interval && Take("+")) atom = $"(?>{atom}{quantifier})";
            else if (!isFixed && Take("?")) atom = $"(?:{atom}{quantifier}?)";
            else if (More && "*+?{".Contains(pattern[at])) atom = $"(?:{atom}{quantifier})";
            else return atom + quantifier;
        }
        return atom;
    }

    /// <summary>One literal, escape or property: the items it puts into a .NET class.</summary>
    /// <param name="inClass">Whether it stands in brackets.</param>
    /// <param name="ignoreCase">Whether the other cases go in too.</param>
    /// <returns>The items, whether they are negated, and the character if it is a single one (for ranges).</returns>
    internal (string Items, bool Negated, char? Single) Unit(bool inClass, bool ignoreCase)
    {
        var character = Next();
        if (character != '\\') return Single(character, ignoreCase);
        var escape = Next();
        switch (escape)
        {
            case 'd' or 's': return ($"\\{escape}", false, null);
            case 'D' or 'S': return ($"\\{char.ToLowerInvariant(escape)}", true, null);
            case 'w' or 'W': return (UnicodeProperties.Word, escape == 'W', null);
            case 'h' or 'H': return ("0-9a-fA-F", escape == 'H', null);
            case 'p' or 'P': return Property(escape == 'P');
            case 'n': return Single('\n', false);
            case 'r': return Single('\r', false);
            case 't': return Single('\t', false);
            case 'f': return Single('\f', false);
            case 'v': return Single('\v', false);
            case 'a': return Single('\a', false);
            case 'e': return Single('\e', false);
            case '0': return Single('\0', false);
            case 'b' when inClass: return Single('\b', false);
            case 'x' when Take("{"): return Single(Hex(Until('}')), ignoreCase);
            case 'x': return Single(Hex(Take(2)), ignoreCase);
            case 'u' when Take("{"): return Single(Hex(Until('}')), ignoreCase);
            case 'u': return Single(Hex(Take(4)), ignoreCase);
            default:
                if (char.IsAsciiLetterOrDigit(escape)) throw Bad($"the escape '\\{escape}', which is not supported");
                return Single(escape, ignoreCase);
        }
    }

    private (string Items, bool Negated, char? Single) Single(char character, bool ignoreCase)
    {
        if (char.IsSurrogate(character)) throw Bad("a character beyond U+FFFF, which is not supported in patterns");
        return (string.Concat((ignoreCase ? CaseFolding.Cases(character) : [character]).Select(Escape)), false, character);
    }

    private (string Items, bool Negated, char? Single) Property(bool negated)
    {
        Expect('{');
        var name = Until('}');
        if (name.StartsWith('^')) (name, negated) = (name[1..], !negated);
        return (UnicodeProperties.Items(name) ?? throw Bad($"the property '{name}', which is not supported"), negated, null);
    }

    private char Hex(string digits) =>
        int.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var point) && point <= char.MaxValue
        ? (char)point
        : throw Bad($"the code point '{digits}', which is not supported");

    /// <summary>A character as an item of a .NET class.</summary>
    internal static string Escape(char character) => $"\\u{(int)character:X4}";

    internal bool Take(string text)
    {
        if (string.CompareOrdinal(pattern, at, text, 0, text.Length) != 0) return false;
        at += text.Length;
        return true;
    }

    internal bool Sees(string text) => string.CompareOrdinal(pattern, at, text, 0, text.Length) == 0;

    internal char Next() => More ? pattern[at++] : throw Bad("an early end");

    private string Take(int count)
    {
        if (at + count > pattern.Length) throw Bad("an early end");
        at += count;
        return pattern[(at - count)..at];
    }

    private string Until(char end)
    {
        var found = pattern.IndexOf(end, at);
        if (found < 0) throw Bad($"no '{end}'");
        var text = pattern[at..found];
        at = found + 1;
        return text;
    }

    private void Expect(char character)
    {
        if (!Take(character.ToString())) throw Bad($"no '{character}'");
    }

    internal FormatException Bad(string what) => new($"it has {what} (at {at})");
}
