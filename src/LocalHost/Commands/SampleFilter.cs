using System.Globalization;
using System.Text.RegularExpressions;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;

namespace R1Cloud.LocalHost.Commands;

/// <summary>
/// Which sample rows are meant, in words: <c>reward &lt; 0 and tokens &gt; 100</c>, <c>not correct and completion ~ wait</c>,
/// <c>accuracy/exact = 1 or truncated</c>. A row that lacks a field meets no comparison of it.
/// </summary>
internal sealed partial class SampleFilter
{
    private static readonly Dictionary<string, Func<SampleRowView, object?>> Fields = new(StringComparer.Ordinal)
    {
        ["question"] = row => (double)row.Question,
        ["sample"] = row => (double)row.Sample,
        ["problem"] = row => row.Problem,
        ["prompts"] = row => row.Prompts,
        ["checkpoint"] = row => (double?)row.Checkpoint,
        ["prompt"] = row => row.Prompt,
        ["completion"] = row => row.Completion,
        ["answer"] = row => row.Answer,
        ["correct"] = row => row.Correct,
        ["formatted"] = row => row.Formatted,
        ["greedy"] = row => row.Greedy,
        ["truncated"] = row => row.Truncated,
        ["dropped"] = row => row.Dropped,
        ["tokens"] = row => (double?)row.Tokens,
        ["reward"] = row => row.Reward,
    };

    private readonly string text;
    private readonly List<(string Word, int At)> words;
    private readonly Func<SampleRowView, bool> meets;
    private int next;

    private SampleFilter(string text)
    {
        this.text = text;
        words = [.. Words().Matches(text).Where(match => match.Value.Trim().Length > 0).Select(match => (match.Value.Trim(), match.Index))];
        meets = Any();
        if (next < words.Count) throw Wrong("\"and\", \"or\" or the end");
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="BadInputException">It is none; the message names the place and what is allowed there.</exception>
    public static SampleFilter Parse(string text) => new(text);

    /// <summary>Whether a row is meant.</summary>
    public bool Meets(SampleRowView row) => meets(row);

    private Func<SampleRowView, bool> Any()
    {
        var either = All();
        while (Take("or"))
        {
            var (one, other) = (either, All());
            either = row => one(row) || other(row);
        }
        return either;
    }

    private Func<SampleRowView, bool> All()
    {
        var both = One();
        while (Take("and"))
        {
            var (one, other) = (both, One());
            both = row => one(row) && other(row);
        }
        return both;
    }

    private Func<SampleRowView, bool> One()
    {
        if (Take("not"))
        {
            var inner = One();
            return row => !inner(row);
        }
        if (Take("("))
        {
            var inner = Any();
            return Take(")") ? inner : throw Wrong("\")\"");
        }
        return Comparison();
    }

    private Func<SampleRowView, bool> Comparison()
    {
        var name = next < words.Count ? words[next].Word : "";
        // A reward function's score goes by its name, which has a slash in it.
        var read = Fields.GetValueOrDefault(name) ?? (name.Contains('/', StringComparison.Ordinal) && char.IsLetter(name[0])
            ? row => row.Rewards.FirstOrDefault(reward => reward.Name == name)?.Score
            : throw Wrong($"{string.Join(", ", Fields.Keys)} or a reward's name, such as accuracy/exact"));
        next++;
        if (next == words.Count || words[next].Word is "and" or "or" or ")") return row => read(row) is true;
        var compare = Comparisons.GetValueOrDefault(words[next].Word) ?? throw Wrong(string.Join(" ", Comparisons.Keys));
        next++;
        var value = Value();
        return row => read(row) is { } field && compare(field, value);
    }

    private static readonly Dictionary<string, Func<object, object, bool>> Comparisons = new(StringComparer.Ordinal)
    {
        ["="] = Equals,
        ["!="] = (field, value) => !Equals(field, value),
        ["<"] = (field, value) => field is double one && value is double other && one < other,
        ["<="] = (field, value) => field is double one && value is double other && one <= other,
        [">"] = (field, value) => field is double one && value is double other && one > other,
        [">="] = (field, value) => field is double one && value is double other && one >= other,
        ["~"] = (field, value) => field is string one && value is string other && one.Contains(other, StringComparison.OrdinalIgnoreCase),
    };

    private object Value()
    {
        var word = next < words.Count ? words[next].Word : "";
        object? value = word switch
        {
            "true" => true,
            "false" => false,
            ['"', .. var inner, '"'] => inner,
            _ when double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
            "and" or "or" or "not" => null,
            _ => word.Length > 0 && char.IsLetterOrDigit(word[0]) ? word : null,
        };
        if (value is null) throw Wrong("a number, true, false or a text, in double quotes where it has blanks or signs");
        next++;
        return value;
    }

    private bool Take(string word)
    {
        if (next == words.Count || words[next].Word != word) return false;
        next++;
        return true;
    }

    private BadInputException Wrong(string allowed)
    {
        var at = next < words.Count ? words[next].At : text.Length;
        var found = next < words.Count ? $"'{words[next].Word}'" : "the end";
        return new(FormattableString.Invariant($"--where: at character {at + 1} is {found}; allowed is {allowed}."));
    }

    [GeneratedRegex("""\"[^\"]*\"|<=|>=|!=|[<>=~()]|[^\s<>=~()!"]+|\S""")]
    private static partial Regex Words();
}
