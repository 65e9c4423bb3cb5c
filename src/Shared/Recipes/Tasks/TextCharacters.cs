using System.Text.RegularExpressions;

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>Which characters texts have: what a model that is pretrained on them has tokens for.</summary>
public static partial class TextCharacters
{
    /// <summary>The characters, each once, in order. R1's tags are left out: every such model has them as tokens of their own.</summary>
    public static string Of(IEnumerable<string> texts)
    {
        var seen = new bool[char.MaxValue + 1];
        foreach (var text in texts)
        {
            foreach (var character in text.Contains('<', StringComparison.Ordinal) ? Tags().Replace(text, "") : text)
                seen[character] = true;
        }
        return string.Concat(Enumerable.Range(0, seen.Length).Where(code => seen[code]).Select(code => (char)code));
    }

    [GeneratedRegex("</?(think|answer)>")]
    private static partial Regex Tags();
}
