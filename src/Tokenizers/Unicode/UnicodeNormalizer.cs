using System.Runtime.InteropServices;
using System.Text;

namespace R1Cloud.Tokenizers.Unicode;

/// <summary>
/// Unicode normalisation forms (UAX #15). Programs here run with invariant globalisation, where <see cref="string.Normalize()"/> changes
/// nothing; so the tables come along.
/// </summary>
internal static class UnicodeNormalizer
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7,
        VowelCount = 21, TrailCount = 28, HangulCount = 19 * VowelCount * TrailCount;

    private static readonly UnicodeTables Tables = UnicodeTables.Load();

    /// <summary>A text in a normalisation form.</summary>
    /// <param name="text">Well-formed UTF-16.</param>
    /// <param name="compatibility">Whether compatibility characters are replaced too (NFKC, NFKD).</param>
    /// <param name="compose">Whether what composes is composed (NFC, NFKC).</param>
    public static string Normalize(string text, bool compatibility, bool compose)
    {
        if (IsStable(text, compatibility, compose)) return text;
        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, compatibility, points);
        Order(CollectionsMarshal.AsSpan(points));
        if (compose) Compose(points);
        var normalized = new StringBuilder(points.Count);
        foreach (var point in points) normalized.Append(new Rune(point));
        return normalized.ToString();
    }

    // Whether no character of the text can change: the case of nearly every text.
    private static bool IsStable(string text, bool compatibility, bool compose)
    {
        var changing = !compose ? Tables.Decomposing : compatibility ? Tables.ChangingCompatibly : Tables.Changing;
        var first = compose && !compatibility ? '\u0300' : '\u00A0';
        foreach (var character in text)
        {
            if (character >= first && changing[character]) return false;
        }
        return true;
    }

    private static void Decompose(int point, bool compatibility, List<int> points)
    {
        var syllable = point - HangulBase;
        if (syllable is >= 0 and < HangulCount)
        {
            points.Add(LeadBase + (syllable / (VowelCount * TrailCount)));
            points.Add(VowelBase + (syllable % (VowelCount * TrailCount) / TrailCount));
            if (syllable % TrailCount > 0) points.Add(TrailBase + (syllable % TrailCount));
        }
        else if (Tables.Canonical.TryGetValue(point, out var parts) || (compatibility && Tables.Compatible.TryGetValue(point, out parts)))
        {
            foreach (var part in parts) Decompose(part, compatibility, points);
        }
        else
        {
            points.Add(point);
        }
    }

    // Puts combining marks into canonical order: a stable sort by class within each run of marks.
    private static void Order(Span<int> points)
    {
        for (var i = 1; i < points.Length; i++)
        {
            var mark = Tables.Class(points[i]);
            if (mark == 0) continue;
            var moved = points[i];
            var at = i;
            for (; at > 0 && Tables.Class(points[at - 1]) > mark; at--) points[at] = points[at - 1];
            points[at] = moved;
        }
    }

    private static void Compose(List<int> points)
    {
        int starter = -1, kept = 0, lastClass = 0;
        for (var i = 0; i < points.Count; i++)
        {
            var point = points[i];
            var mark = Tables.Class(point);
            // A mark is blocked from the starter by another of its class or higher between them.
            var adjacent = starter >= 0 && kept == starter + 1;
            if (starter >= 0 && (adjacent || (lastClass < mark && lastClass != 0)) && Pair(points[starter], point) is { } composed)
            {
                points[starter] = composed;
                continue;
            }
            points[kept] = point;
            if (mark == 0) starter = kept;
            lastClass = mark;
            kept++;
        }
        points.RemoveRange(kept, points.Count - kept);
    }

    private static int? Pair(int first, int second)
    {
        int lead = first - LeadBase, vowel = second - VowelBase;
        if (lead is >= 0 and < 19 && vowel is >= 0 and < VowelCount) return HangulBase + (((lead * VowelCount) + vowel) * TrailCount);
        int syllable = first - HangulBase, trail = second - TrailBase;
        if (syllable is >= 0 and < HangulCount && syllable % TrailCount == 0 && trail is > 0 and < TrailCount) return first + trail;
        return Tables.Compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }
}
