using System.Globalization;

namespace R1Cloud.Pipeline.Runs;

/// <summary>
/// Storage lists by what names begin with. A range of numbers of six digits is so listed by few beginnings: 120 to 329 by <c>00012</c> to
/// <c>00019</c>, <c>0002</c>, <c>00030</c> to <c>00032</c>.
/// </summary>
internal static class DigitPrefixes
{
    private const int Digits = 6;

    /// <summary>Beginnings that hold all numbers of a range, and perhaps longer ones.</summary>
    /// <param name="from">The first number.</param>
    /// <param name="to">The last number; all beyond six digits count as one.</param>
    public static IEnumerable<string> Cover(int from, int to)
    {
        const int end = 999_999;
        if (from <= 0 && to >= end) return [""];
        return Between(from, Math.Min(to, end)).Concat(to > end ? Between(Math.Max(from, end + 1), to) : []);
    }

    private static IEnumerable<string> Between(long from, long to)
    {
        while (from <= to)
        {
            var (size, digits) = (1L, 0);
            while (digits < Digits - 1 && from % (size * 10) == 0 && from + size * 10 - 1 <= to) (size, digits) = (size * 10, digits + 1);
            var text = from.ToString("D6", CultureInfo.InvariantCulture);
            yield return digits == 0 ? text + "/" : text[..^digits];
            from += size;
        }
    }
}
