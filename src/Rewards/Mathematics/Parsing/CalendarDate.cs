using System.Collections.Frozen;
using System.Globalization;
using R1Cloud.Rewards.Mathematics.Trees;

namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>
/// A date: a month and a day, perhaps with a year and a day of the week; or a month and a year, the day being 0.
/// </summary>
internal sealed record CalendarDate(int Month, int Day, int? Year, string? Weekday) : Node
{
    private static readonly string[] Months = ["january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december"];
    private static readonly string[] Weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    private static readonly FrozenSet<string> Fillers = FrozenSet.ToFrozenSet(["of", "the", "on", "in", "text"]);

    /// <summary>
    /// Reads <c>May 20th, 2024</c>, <c>20 May</c>, <c>Monday, the 3rd of June</c>, <c>2024-05-20</c>, <c>5月20日</c>; null for anything else.
    /// </summary>
    public static CalendarDate? TryRead(string text)
    {
        if (text.Length > 60 || !text.AsSpan().ContainsAnyInRange('0', '9') || text.AsSpan().IndexOfAny("=+/^") >= 0) return null;
        if (DateOnly.TryParseExact(text.Trim(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None,
            out var iso)) return new(iso.Month, iso.Day, iso.Year, null);
        int month = 0, day = 0;
        int? year = null;
        string? weekday = null;
        foreach (var word in Words(text))
        {
            if (Fillers.Contains(word)) continue;
            if (Index(Months, word) is var name and >= 0 && month == 0) month = name + 1;
            else if (Index(Weekdays, word) is var known and >= 0 && weekday is null) weekday = Weekdays[known];
            else if (Number(word) is { } number)
            {
                if (number > 31 && year is null) year = number;
                else if (number is >= 1 and <= 31 && day == 0) day = number;
                else return null;
            }
            else return null;
        }
        return month > 0 && (day > 0 || year is not null && weekday is null) ? new(month, day, year, weekday) : null;
    }

    /// <summary>Whether a given date is this right one: it may say more, and leave out the day of the week, but not the year.</summary>
    public bool IsSame(CalendarDate other) =>
        Month == other.Month && Day == other.Day && (Year is null || Year == other.Year)
            && (Weekday is null || other.Weekday is null || Weekday == other.Weekday);

    private static string[] Words(string text)
    {
        // 5月20日
        text = text.Replace("年", " ", StringComparison.Ordinal).Replace("日", " ", StringComparison.Ordinal).Replace("号", " ",
            StringComparison.Ordinal);
        if (text.IndexOf('月', StringComparison.Ordinal) is var sign and > 0)
        {
            var start = sign;
            while (start > 0 && char.IsAsciiDigit(text[start - 1])) start--;
            if (int.TryParse(text[start..sign], CultureInfo.InvariantCulture, out var month) && month is >= 1
                and <= 12) text = $"{text[..start]} {Months[month - 1]} {text[(sign + 1)..]}";
        }
        return text.ToLowerInvariant().Split([' ', ',', '.', '\\', '{', '}', '~', '^'], StringSplitOptions.RemoveEmptyEntries);
    }

    private static int Index(string[] names, string word) => word.Length >= 3
        ? Array.FindIndex(names, name => name == word || word.Length is 3 or 4 && name.StartsWith(word, StringComparison.Ordinal)) : -1;

    private static int? Number(string word)
    {
        var digits = word.TrimEnd('s', 't', 'n', 'd', 'r', 'h');
        return digits.Length is 1 or 2 or 4 && (word.Length == digits.Length || word.Length == digits.Length + 2)
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
