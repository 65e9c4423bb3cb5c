namespace R1Cloud.Tokenizers.Patterns;

/// <summary>The characters that are one when case is ignored (simple case folding).</summary>
internal static class CaseFolding
{
    // Characters whose fold is a letter that does not map back to them.
    private static readonly string[] Extra =
        ["sS\u017F", "kK\u212A", "\u00E5\u00C5\u212B", "\u03BC\u039C\u00B5", "\u03C9\u03A9\u2126", "\u03C3\u03A3\u03C2", "\u00DF\u1E9E"];

    /// <summary>A character in all its cases.</summary>
    public static IEnumerable<char> Cases(char character) =>
        Extra.FirstOrDefault(group => group.Contains(character))
        ?? (IEnumerable<char>)(char.IsLetter(character) && character is not ('\u0130' or '\u0131')
            ? new HashSet<char> { character, char.ToLowerInvariant(character), char.ToUpperInvariant(character) }
            : [character]);
}
