namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>How a language speaks of sums.</summary>
/// <param name="Plus">Between two numbers.</param>
/// <param name="Is">Between a sum and its value.</param>
/// <param name="Then">Before the next number is added to that value.</param>
public sealed record NumberWords(string Plus, string Is, string Then)
{
    private static readonly string[] English =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
            "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ];

    private static readonly string[] EnglishTens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

    private const string Chinese = "零一二三四五六七八九", ChineseTen = "十";

    private static readonly Dictionary<TaskLanguage, NumberWords> Known = new()
    {
        [TaskLanguage.En] = new(" plus ", " is ", ", plus ") { Spell = InEnglish },
        [TaskLanguage.Zh] = new("加", "得", "，加") { Spell = InChinese },
    };

    /// <summary>A number from 0 to 99 in words.</summary>
    public required Func<int, string> Spell { get; init; }

    /// <summary>The words of a language.</summary>
    public static NumberWords Of(TaskLanguage language) => Known[language];

    private static string InEnglish(int number) => number switch
    {
        < 20 => English[number],
        _ when number % 10 == 0 => EnglishTens[number / 10],
        _ => $"{EnglishTens[number / 10]}-{English[number % 10]}",
    };

    private static string InChinese(int number) => number switch
    {
        < 10 => Chinese[number].ToString(),
        _ => (number < 20 ? "" : Chinese[number / 10].ToString()) + ChineseTen + (number % 10 == 0 ? "" : Chinese[number % 10].ToString()),
    };
}
