namespace R1Cloud.Rewards.Mathematics.Extraction;

/// <summary>Finds <c>\boxed{…}</c> with nested braces; the last ones count together when only commas or "and" stand between them.</summary>
internal static class BoxedAnswers
{
    private const int MaxJoin = 60;
    private const int MaxBoxes = 64;
    private const int MaxQuotation = 240;
    private static readonly string[] Names = ["\\boxed", "\\fbox"];
    private static readonly char[] Separators = [' ', '$', '&', ',', ';', '，', '、', '\\', '(', ')', '[', ']', '{', '}', '~', '*'];
    private static readonly HashSet<string> Joints = new(StringComparer.Ordinal) { "and", "or", "also", "quad", "qquad", "和", "与", "與", "及",
        "以及", "或", "或者", "et", "ou", "y", "o", "e", "und", "oder", "и", "или" };

    /// <summary>The content of the last box or boxes, or null.</summary>
    public static string? Find(string text) => Find(text, out _, out _);

    /// <summary>The content of the last box or boxes, or null.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the last box begins.</param>
    /// <param name="end">Where it ends.</param>
    public static string? Find(string text, out int start, out int end)
    {
        var boxes = Boxes(text);
        (start, end) = boxes.Count > 0 ? (boxes[^1].Start, boxes[^1].End) : (0, 0);
        if (boxes.Count == 0) return null;
        var first = boxes.Count - 1;
        while (first > 0 && boxes[first - 1].End <= boxes[first].Start
            && IsJoint(text.AsSpan(boxes[first - 1].End, boxes[first].Start - boxes[first - 1].End))) first--;
        var contents = boxes.Skip(first).Select(box => AnswerExtractor.Clean(text[box.Content])).Distinct().ToList();
        return string.Join(", ", contents);
    }

    private static List<(int Start, Range Content, int End)> Boxes(string text)
    {
        var boxes = new List<(int, Range, int)>();
        // Backwards from the end: a long text with many boxes costs no more than its last ones.
        var tries = 0;
        for (var at = text.Length; at > 0 && tries < MaxBoxes;)
        {
            at = text.LastIndexOf("box", at - 1, at, StringComparison.Ordinal);
            if (at < 0) break;
            if (Array.Find(Names, name => IsName(text, name, at)) is not { } command) continue;
            tries++;
            var start = at - command.IndexOf("box", StringComparison.Ordinal);
            var open = start + command.Length;
            while (open < text.Length && text[open] == ' ') open++;
            if (open >= text.Length) continue;
            if (text[open] != '{')
            {
                var stop = open;
                while (stop < text.Length && text[stop] is not (' ' or '$' or '\n' or '.' or ',' or '\\' or '{')) stop++;
                if (stop > open) boxes.Add((start, open..stop, stop));
            }
            else if (Close(text, open) is var close and > 0) boxes.Add((start, (open + 1)..close, close + 1));
            // Begun and not ended: what it was to hold is not known, and what stood in boxes before was not the last word.
            else if (boxes.Count == 0) boxes.Add((start, text.Length..text.Length, text.Length));
        }
        boxes.Reverse();
        // A box inside of a box is a part of it.
        return [.. boxes.Where(box => !boxes.Any(outer => outer.Item1 < box.Item1 && outer.Item3 > box.Item3)
            && !IsQuoted(text, box.Item1))];
    }

    // The task says: "If the answer is 12, write \boxed{12}."
    private static bool IsQuoted(string text, int start)
    {
        var from = Math.Max(text.LastIndexOf('\n', Math.Max(0, start - 1)) + 1, start - MaxQuotation);
        return start > from && Frames.Quote(text[from..start]);
    }

    // Whether a command stands around the "box" there.
    private static bool IsName(string text, string name, int box) =>
        box - name.IndexOf("box", StringComparison.Ordinal) is var start and >= 0
        && string.CompareOrdinal(text, start, name, 0, name.Length) == 0;

    private static int Close(string text, int open)
    {
        var depth = 0;
        for (var i = open; i < text.Length && i < open + 20_000; i++)
        {
            if (text[i] == '{') depth++;
            else if (text[i] == '}' && --depth == 0) return i;
        }
        return -1;
    }

    private static bool IsJoint(ReadOnlySpan<char> between)
    {
        if (between.Length > MaxJoin) return false;
        // "… and y_2 = \boxed{…}": the name belongs to the box.
        var sign = between.TrimEnd(" $").LastIndexOf('=');
        if (sign >= 0 && sign == between.TrimEnd(" $").Length - 1)
            between = between[..Math.Max(0, between[..sign].TrimEnd().LastIndexOfAny(" $(,"))];
        if (between.ContainsAny('.', '=', '\n')) return false;
        var bare = between.ToString().Replace("\\text", " ", StringComparison.Ordinal).Replace("\\mathrm", " ",
            StringComparison.Ordinal).Replace("\\quad", " ", StringComparison.Ordinal).Replace("\\qquad", " ", StringComparison.Ordinal);
        // Words that join, right before the box: in a clause, "and then I found" or "or rather", the second box corrects the first.
        var words = bare.Split(Separators, StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 0 || Joints.Contains(words[^1].ToLowerInvariant());
    }
}
