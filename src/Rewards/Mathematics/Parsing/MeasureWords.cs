namespace R1Cloud.Rewards.Mathematics.Parsing;

/// <summary>
/// Measure words, which Chinese, Japanese and Korean put between a number and what is counted: 5个, 三本书, 8名学生. They are no units: what
/// counts is the noun behind them.
/// </summary>
internal static class MeasureWords
{
    // Before a noun or alone.
    private const string Counters = "个個只隻本名条條种種张張件把颗顆棵朵匹头頭辆輛座间間枝支根片块塊位份套双雙对對组組箱袋瓶杯层層篇道枚台盒群";

    // Words that mean something else before a noun: 二次函数 is quadratic, 三位数 has three digits, 三角 is a triangle.
    private const string Alone = "次人位回遍步元角度天年月岁歲组組对對块塊道层層";

    private static readonly string[] Others = ["개", "명", "마리", "권", "つ", "冊", "回"];

    /// <summary>What is counted behind a measure word, nothing where the word is all; null where no measure word begins the text.</summary>
    public static string? Noun(string text)
    {
        if (Array.IndexOf(Others, text) >= 0) return "";
        if (text.Length == 0 || Units.IsUnit(text)) return null;
        if (text.Length == 1 && text[0] is '次' or '人' or '步' or '遍') return "";
        if (!Counters.Contains(text[0], StringComparison.Ordinal)) return null;
        return text.Length > 1 && Alone.Contains(text[0], StringComparison.Ordinal) ? null : text[1..];
    }

    /// <summary>Whether a number in words may stand before the text: it is a measure word, with or without a noun, or a unit.</summary>
    public static bool Follows(string text) => text is not ("" or "月" or "度" or "角")
        && (Units.IsUnit(text) || Noun(text) is not null); // 二月 is a month

    /// <summary>Whether a text says how many digits a number has: 位数 in 三位数.</summary>
    public static bool IsDigits(string text) => text.StartsWith("位数", StringComparison.Ordinal)
        || text.StartsWith("位數", StringComparison.Ordinal);
}
