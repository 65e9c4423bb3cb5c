using System.Text;

namespace R1Cloud.Shared.Recipes.Reading;

/// <summary>A place that moves forwards through a text in UTF-8, and knows its line and column: each byte is looked at once.</summary>
/// <param name="text">The text.</param>
internal ref struct TextPosition(ReadOnlySpan<byte> text)
{
    [ThreadStatic]
    private static long scannedByThread;

    private readonly ReadOnlySpan<byte> text = text;
    private int at;

    /// <summary>The line, from 1.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>The column, from 1, in UTF-16 units.</summary>
    public int Column { get; private set; } = 1;

    /// <summary>Bytes that this thread has looked at so far, for all texts.</summary>
    public static long ScannedByThread => scannedByThread;

    /// <summary>Goes on to a place, which is the start of a character.</summary>
    public void MoveTo(int place)
    {
        var passed = text[at..place];
        at = place;
        scannedByThread += passed.Length;
        if (passed.LastIndexOf((byte)'\n') is >= 0 and var end)
        {
            Line += passed.Count((byte)'\n');
            Column = 1;
            passed = passed[(end + 1)..];
        }
        Column += Encoding.UTF8.GetCharCount(passed);
    }
}
