using System.Globalization;
using System.Text;

namespace R1Cloud.Tokenizers.Jinja;

/// <summary>
/// Splits a template into tokens, with white space as <c>transformers</c> sets it: the newline after a block goes (<c>trim_blocks</c>), the
/// indentation before one too (<c>lstrip_blocks</c>), and so does the template's last newline.
/// </summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Marks =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",",
            ";"];

    private readonly string source;
    private readonly List<JinjaToken> tokens = [];
    private int at;
    private int line = 1;
    private bool lineStarts = true;

    private JinjaLexer(string source) => this.source = source;

    /// <summary>The tokens of a template.</summary>
    /// <exception cref="JinjaException">The template is malformed.</exception>
    public static List<JinjaToken> Tokenize(string template)
    {
        var source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (source.EndsWith('\n')) source = source[..^1];
        var lexer = new JinjaLexer(source);
        lexer.Run();
        return lexer.tokens;
    }

    private void Run()
    {
        while (at < source.Length)
        {
            var tag = NextTag();
            AddData(at, tag, tag < source.Length ? source[tag + 1] : '\0');
            if (tag == source.Length) break;
            Move(tag + 2);
            var kind = source[tag + 1];
            if (at < source.Length && source[at] is '-' or '+') Move(at + 1);
            if (kind == '#') SkipComment();
            else if (kind == '%' && TakeRawTag("raw") is { } strip) AddRaw(strip);
            else Tag(kind == '%');
        }
        Add(JinjaTokenKind.End, "");
    }

    private int NextTag()
    {
        for (var tag = at; (tag = source.IndexOf('{', tag)) >= 0 && tag + 1 < source.Length; tag++)
        {
            if (source[tag + 1] is '%' or '{' or '#') return tag;
        }
        return source.Length;
    }

    private void AddData(int start, int end, char tag)
    {
        var text = source[start..end];
        var control = end + 2 < source.Length ? source[end + 2] : '\0';
        if (tag != '\0' && control == '-')
        {
            text = text.TrimEnd();
        }
        else if (tag is '%' or '#' && control != '+')
        {
            var lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || lineStarts) && string.IsNullOrWhiteSpace(text[lineStart..])) text = text[..lineStart];
        }
        if (text.Length > 0) Add(JinjaTokenKind.Data, text);
        Move(end);
    }

    private void SkipComment()
    {
        var end = source.IndexOf("#}", at, StringComparison.Ordinal);
        if (end < 0) throw new JinjaException("a comment does not end (#} is missing)", line);
        var control = end > at ? source[end - 1] : '\0';
        Move(end + 2);
        EndTag(control, trimsNewline: true);
    }

    // Behind a tag: white space that goes with it.
    private void EndTag(char control, bool trimsNewline)
    {
        var start = at;
        if (control == '-')
        {
            while (at < source.Length && char.IsWhiteSpace(source[at])) Move(at + 1);
        }
        else if (trimsNewline && control != '+' && at < source.Length && source[at] == '\n')
        {
            Move(at + 1);
        }
        lineStarts = at > start && source[at - 1] == '\n';
    }

    // Takes the rest of a tag that holds one word.
    // Returns the white-space control at its end, or null when it is another tag.
    private char? TakeRawTag(string word)
    {
        var end = source.IndexOf("%}", at, StringComparison.Ordinal);
        if (end < 0) return null;
        var control = end > at && source[end - 1] is '-' or '+' ? source[end - 1] : '\0';
        if (source[at..(control == '\0' ? end : end - 1)].Trim() != word) return null;
        Move(end + 2);
        return control;
    }

    private void AddRaw(char control)
    {
        EndTag(control, trimsNewline: true);
        for (var tag = at; (tag = source.IndexOf("{%", tag, StringComparison.Ordinal)) >= 0; tag += 2)
        {
            var (start, startLine) = (at, line);
            Move(tag + 2);
            if (at < source.Length && source[at] is '-' or '+') Move(at + 1);
            var end = TakeRawTag("endraw");
            var after = at;
            (at, line) = (start, startLine);
            if (end is not { } endControl) continue;
            AddData(start, tag, '%');
            Move(after);
            EndTag(endControl, trimsNewline: true);
            return;
        }
        throw new JinjaException("a raw block does not end ({% endraw %} is missing)", line);
    }

    private void Tag(bool isBlock)
    {
        var opened = line;
        Add(isBlock ? JinjaTokenKind.BlockBegin : JinjaTokenKind.OutputBegin, isBlock ? "{%" : "{{");
        var close = isBlock ? "%}" : "}}";
        for (var brackets = 0; at < source.Length;)
        {
            if (char.IsWhiteSpace(source[at]))
            {
                Move(at + 1);
                continue;
            }
            if (brackets == 0)
            {
                var control = source[at] is '-' or '+' ? source[at] : '\0';
                if (string.CompareOrdinal(source, control == '\0' ? at : at + 1, close, 0, 2) == 0 && (control != '+' || isBlock))
                {
                    Add(isBlock ? JinjaTokenKind.BlockEnd : JinjaTokenKind.OutputEnd, close);
                    Move(at + (control == '\0' ? 2 : 3));
                    EndTag(control, trimsNewline: isBlock);
                    return;
                }
            }
            Token(ref brackets);
        }
        throw new JinjaException($"a tag does not end ({close} is missing)", opened);
    }

    private void Token(ref int brackets)
    {
        var character = source[at];
        if (character is '\'' or '"') String(character);
        else if (char.IsAsciiDigit(character)) Number();
        else if (char.IsLetter(character) || character == '_') Name();
        else if (Array.Find(Marks, mark => string.CompareOrdinal(source, at, mark, 0, mark.Length) == 0) is { } mark)
        {
            if (mark is "(" or "[" or "{") brackets++;
            else if (mark is ")" or "]" or "}" && --brackets < 0) throw new JinjaException($"'{mark}' closes nothing", line);
            Add(JinjaTokenKind.Mark, mark);
            Move(at + mark.Length);
        }
        else
        {
            throw new JinjaException($"unexpected character '{character}'", line);
        }
    }

    private void Name()
    {
        var end = at;
        while (end < source.Length && (char.IsLetterOrDigit(source[end]) || source[end] == '_')) end++;
        Add(JinjaTokenKind.Name, source[at..end]);
        Move(end);
    }

    private void Number()
    {
        var end = at;
        while (end < source.Length && (char.IsAsciiDigit(source[end]) || source[end] == '_')) end++;
        var isFloat = false;
        if (end + 1 < source.Length && source[end] == '.' && char.IsAsciiDigit(source[end + 1]))
        {
            isFloat = true;
            for (end++; end < source.Length && char.IsAsciiDigit(source[end]);) end++;
        }
        if (end + 1 < source.Length && source[end] is 'e' or 'E'
            && (char.IsAsciiDigit(source[end + 1])
                || (source[end + 1] is '-' or '+' && end + 2 < source.Length && char.IsAsciiDigit(source[end + 2]))))
        {
            isFloat = true;
            for (end += 2; end < source.Length && char.IsAsciiDigit(source[end]);) end++;
        }
        Add(isFloat ? JinjaTokenKind.Float : JinjaTokenKind.Integer, source[at..end].Replace("_", "", StringComparison.Ordinal));
        Move(end);
    }

    private void String(char quote)
    {
        var startLine = line;
        var text = new StringBuilder();
        for (Move(at + 1); at < source.Length && source[at] != quote;)
        {
            if (source[at] == '\\' && at + 1 < source.Length) Escape(text);
            else
            {
                text.Append(source[at]);
                Move(at + 1);
            }
        }
        if (at >= source.Length) throw new JinjaException($"a text does not end ({quote} is missing)", startLine);
        Move(at + 1);
        tokens.Add(new JinjaToken(JinjaTokenKind.Text, text.ToString(), startLine));
    }

    // Python's escapes; what is none stays as it is.
    private void Escape(StringBuilder text)
    {
        var escape = source[at + 1];
        var digits = escape switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (digits > 0)
        {
            if (at + 2 + digits > source.Length
                || !int.TryParse(source.AsSpan(at + 2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var point)
                || point > 0x10FFFF)
                throw new JinjaException($"bad escape '\\{escape}' in a text", line);
            if (point > 0xFFFF) text.Append(char.ConvertFromUtf32(point));
            else text.Append((char)point);
            Move(at + 2 + digits);
            return;
        }
        if (escape is >= '0' and <= '7')
        {
            var end = at + 1;
            while (end < source.Length && end < at + 4 && source[end] is >= '0' and <= '7') end++;
            text.Append((char)Convert.ToInt32(source[(at + 1)..end], 8));
            Move(end);
            return;
        }
        _ = escape switch
        {
            '\n' => text,
            'n' => text.Append('\n'),
            't' => text.Append('\t'),
            'r' => text.Append('\r'),
            'b' => text.Append('\b'),
            'f' => text.Append('\f'),
            'v' => text.Append('\v'),
            'a' => text.Append('\a'),
            '\\' or '\'' or '"' => text.Append(escape),
            _ => text.Append('\\').Append(escape),
        };
        Move(at + 2);
    }

    private void Add(JinjaTokenKind kind, string text) => tokens.Add(new JinjaToken(kind, text, line));

    private void Move(int to)
    {
        if (to > at) line += source.AsSpan(at, to - at).Count('\n');
        at = to;
    }
}
