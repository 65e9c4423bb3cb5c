namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>
/// The letters that make a number an ordinal: 1st, 2nd, 20th, 20^{th}. They say nothing of its value, unless a noun follows.
/// </summary>
internal static class OrdinalMarks
{
    private static readonly HashSet<string> Marks = new(StringComparer.OrdinalIgnoreCase) { "st", "nd", "rd", "th" };

    /// <summary>Removes them.</summary>
    public static void Remove(List<Token> tokens)
    {
        for (var i = 1; i < tokens.Count; i++)
        {
            if (tokens[i - 1].Kind is not TokenKind.Number) continue;
            var start = i;
            var end = i;
            var raised = tokens[end].Kind is TokenKind.Caret && tokens[end + 1].Kind is TokenKind.GroupOpen;
            if (raised) end += 2;
            else if (tokens[end].SpaceBefore) continue;
            var mark = "";
            for (; mark.Length < 2 && tokens[end].Kind is TokenKind.Letter or TokenKind.Word; end++) mark += tokens[end].Text;
            if (raised && tokens[end++].Kind is not TokenKind.GroupClose || !Marks.Contains(mark)) continue;
            if (!raised && tokens[end].Kind is TokenKind.Letter && !tokens[end].SpaceBefore) continue;
            // The 5th term is not worth 5.
            if (tokens[end].Kind is TokenKind.Word && Vocabulary.Connective(tokens[end].Text) is null) continue;
            tokens.RemoveRange(start, end - start);
        }
    }
}
