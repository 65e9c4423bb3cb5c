namespace R1Cloud.Rewards.Code;

/// <summary>A fenced block of Markdown.</summary>
/// <param name="Language">The first word after the opening fence; empty when there is none.</param>
/// <param name="Code">What stands between the fences.</param>
/// <param name="IsClosed">Whether there is a closing fence; without one the block goes to the end of the text.</param>
internal readonly record struct CodeFence(string Language, string Code, bool IsClosed);

/// <summary>
/// Reads fenced blocks as CommonMark does (section 4.5): three or more ticks or tildes; the closing fence is of the same kind and at least
/// as long; as much
/// indentation as the opening fence has is taken off each line. Unlike there a fence may be indented as deep as a list makes it.
/// </summary>
internal static class CodeFences
{
    private const int ShortestFence = 3;

    /// <summary>All blocks, in order.</summary>
    public static List<CodeFence> Read(string text)
    {
        var fences = new List<CodeFence>();
        var lines = new List<string>();
        (char Sign, int Length, int Indent, string Language)? open = null;
        foreach (var written in text.Split('\n'))
        {
            var line = written.TrimEnd('\r');
            var indent = line.Length - line.TrimStart(' ', '\t').Length;
            var rest = line.AsSpan(indent);
            var length = FenceLength(rest);
            if (open is not { } fence)
            {
                // The info string of ticks holds no ticks: ```72``` is code within a line.
                if (length == 0 || rest[0] == '`' && rest[length..].Contains('`')) continue;
                open = (rest[0], length, indent, Info(rest[length..]));
                lines.Clear();
            }
            else if (length >= fence.Length && rest[0] == fence.Sign && rest[length..].Trim().Length == 0)
            {
                fences.Add(new(fence.Language, Joined(lines), IsClosed: true));
                open = null;
            }
            else lines.Add(line[Math.Min(indent, fence.Indent)..]);
        }
        if (open is { } last) fences.Add(new(last.Language, Joined(lines), IsClosed: false));
        return fences;
    }

    private static string Joined(List<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    private static int FenceLength(ReadOnlySpan<char> line)
    {
        if (line.Length < ShortestFence || line[0] is not ('`' or '~')) return 0;
        var length = line.IndexOfAnyExcept(line[0]);
        if (length < 0) length = line.Length;
        return length >= ShortestFence ? length : 0;
    }

    // "python", "{.python}", "python title=x"
    private static string Info(ReadOnlySpan<char> info)
    {
        info = info.Trim().Trim("{}").TrimStart('.');
        var end = info.IndexOfAny(" \t,{:");
        return (end < 0 ? info : info[..end]).ToString();
    }
}
