using R1Cloud.Tokenizers.Json;

namespace R1Cloud.Tokenizers.Patterns;

/// <summary>
/// A text in place of whatever a pattern matches, as <c>Replace</c> has it in normalisers and decoders. It is short: a few long ones in a
/// row would make any amount of a text.
/// </summary>
internal static class Replacement
{
    private const int MostCharacters = 16;

    /// <summary>What the part of the file does to a text.</summary>
    public static Func<string, string> Parse(Component part)
    {
        var content = Short(part.Field("content"));
        var pattern = part.Field("pattern");
        if (pattern.Optional("String") is not { } literal)
        {
            var regex = CodePointRegex.Parse(pattern.Field("Regex"));
            return text => regex.Replace(text, content);
        }
        var old = literal.AsText();
        if (old.Length == 0) throw literal.Bad("a text that is not empty");
        return text => text.Replace(old, content, StringComparison.Ordinal);
    }

    /// <summary>A text that is put into others.</summary>
    public static string Short(Component part) => part.AsText() is { Length: <= MostCharacters } text ? text
        : throw part.Bad($"a text of {MostCharacters} characters at most");
}
