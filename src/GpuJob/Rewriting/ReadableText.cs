using System.Text.RegularExpressions;

namespace R1Cloud.GpuJob.Rewriting;

/// <summary>Makes text easier to read without changing a word of it.</summary>
internal static partial class ReadableText
{
    private const string Fence = "```";

    /// <summary>
    /// One space between words, no space at the ends of lines, one blank line between paragraphs. Code blocks and indentation stay as they
    /// are.
    /// </summary>
    public static string Normalise(string text)
    {
        var parts = text.ReplaceLineEndings("\n").Split(Fence);
        for (var i = 0; i < parts.Length; i += 2)
            parts[i] = BlankLines().Replace(LineEnds().Replace(Spaces().Replace(parts[i], " "), "\n"), "\n\n");
        return string.Join(Fence, parts).Trim();
    }

    /// <summary>
    /// The paragraphs of a text; those that are too long are cut where a sentence, a step or a line ends. A sentence alone is never cut.
    /// </summary>
    /// <param name="text">The text; blank lines part its paragraphs.</param>
    /// <param name="most">Characters above which a paragraph is too long; 0 for no limit.</param>
    public static IEnumerable<string> Paragraphs(string text, int most) =>
        text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .SelectMany(paragraph => most > 0 && paragraph.Length > most ? Cut(paragraph, most) : [paragraph]);

    private static IEnumerable<string> Cut(string paragraph, int most)
    {
        var (start, end) = (0, 0);
        foreach (var next in Ends().Matches(paragraph).Select(match => match.Index + match.Length).Append(paragraph.Length))
        {
            if (next - start > most && end > start)
            {
                yield return paragraph[start..end].Trim();
                start = end;
            }
            end = next;
        }
        if (paragraph[start..].Trim() is { Length: > 0 } rest) yield return rest;
    }

    [GeneratedRegex(@"(?<=\S)[ \t\u00a0]+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"[ \t\u00a0]+\n")]
    private static partial Regex LineEnds();

    [GeneratedRegex(@"\n{3,}")]
    private static partial Regex BlankLines();

    // A mark that ends a sentence, unless a small letter follows ("e.g. this"); a Chinese one; the end of a step or a line.
    [GeneratedRegex(@"[.!?]['""')\]]*\s+(?!\p{Ll})|[。！？；;]\s*|\n")]
    private static partial Regex Ends();
}
