using System.Collections.Frozen;
using System.Text;

namespace R1Cloud.GpuJob.Rewards.Mathematics.Equality;

/// <summary>Answers in words.</summary>
internal static class TextAnswers
{
    private static readonly FrozenSet<string> Articles = FrozenSet.ToFrozenSet(["the", "a", "an"]);

    private static readonly FrozenDictionary<string, int> Numbers = "zero one two three four five six seven eight nine ten eleven twelve".Split(' ')
        .Select((word, value) => (word, value)).Concat("零一二三四五六七八九十".Select((c, value) => (c.ToString(), value))).ToFrozenDictionary(item => item.Item1, item => item.Item2);

    /// <summary>Whether both say the same but for case, spaces, articles and punctuation.</summary>
    public static bool Same(string a, string b) => Normalize(a) is { Length: > 0 } text && text == Normalize(b);

    /// <summary>Letters and digits in lower case, without articles; numbers stay apart from each other.</summary>
    public static string Normalize(string text)
    {
        var normal = new StringBuilder();
        foreach (var word in text.ToLowerInvariant().Split([' ', '\n', '\t', '~'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (Articles.Contains(word) && text.Length > word.Length) continue;
            for (var i = 0; i < word.Length; i++)
            {
                var c = word[i];
                var digit = char.IsDigit(c);
                if (digit && (i == 0 || !char.IsDigit(word[i - 1])) && normal.Length > 0 && char.IsDigit(normal[^1])) normal.Append(' ');
                if (char.IsLetterOrDigit(c) || c is '.' or '-' && i + 1 < word.Length && char.IsDigit(word[i + 1]) && (c == '-' || i > 0 && char.IsDigit(word[i - 1]))) normal.Append(c);
            }
        }
        return normal.ToString();
    }

    /// <summary>The number that a word names, up to twelve.</summary>
    public static int? TryNumber(string text) => Numbers.TryGetValue(text.Trim().ToLowerInvariant(), out var value) ? value : null;

    /// <summary>Whether the words say that there is nothing.</summary>
    public static bool IsEmptySet(string text) => Normalize(text) is "nosolution" or "nosolutions" or "norealsolution" or "norealsolutions" or "noroots" or "norealroots" or "emptyset" or "无解";

    /// <summary>Whether the words say every real number.</summary>
    public static bool IsRealLine(string text) => Normalize(text) is "allrealnumbers" or "allreals" or "allreal" or "realnumbers" or "anyrealnumber" or "everyrealnumber" or "一切实数" or "全体实数";
}
