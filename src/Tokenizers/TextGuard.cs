using R1Cloud.Shared;
namespace R1Cloud.Tokenizers;

/// <summary>
/// A character that stands before a special token which a text only spells out. It goes through templates with the text, and vanishes when
/// the text is encoded.
/// </summary>
internal static class TextGuard
{
    // Unicode keeps these for a program's own use: no text has a meaning for them.
    private const char First = '\uFDD0', Last = '\uFDEF';

    /// <summary>A guard that none of the texts has.</summary>
    /// <exception cref="BadInputException">They have them all.</exception>
    public static char Absent(IReadOnlyCollection<string> texts)
    {
        for (var guard = First; guard <= Last; guard++)
        {
            if (!texts.Any(text => text.Contains(guard))) return guard;
        }
        throw new BadInputException("A text has every one of the characters U+FDD0 to U+FDEF, which are no text: remove them.");
    }

    /// <summary>A text without its guards.</summary>
    public static string Remove(string text, char guard) => text.Replace(guard.ToString(), "", StringComparison.Ordinal);
}
