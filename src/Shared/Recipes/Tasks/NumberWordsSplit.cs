namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>The problems of a <see cref="NumberWordsTask"/>, and which of them are held out.</summary>
public static class NumberWordsSplit
{
    private const long SplitSeed = 7;

    /// <summary>The task's languages, each once.</summary>
    public static IReadOnlyList<TaskLanguage> Languages(NumberWordsTask task) => [.. task.Languages.Distinct()];

    /// <summary>Whether a sum is held out for evaluation; it goes the same way in any order and language.</summary>
    public static bool IsHeldOut(NumberWordsTask task, IEnumerable<int> terms) =>
        Seeds.Derive(SplitSeed, "number-words", [.. terms.Order().Select(term => (long)term)]) % 100 < (ulong)task.HeldOutPercent;

    /// <summary>Every sum, in a fixed order.</summary>
    public static IEnumerable<int[]> Sums(NumberWordsTask task)
    {
        var all = (int)Math.Pow(task.Maximum, task.Terms);
        for (var index = 0; index < all; index++)
        {
            var terms = new int[task.Terms];
            for (var (at, rest) = (0, index); at < terms.Length; at++, rest /= task.Maximum) terms[at] = 1 + rest % task.Maximum;
            yield return terms;
        }
    }

    /// <summary>Every character of the task's texts.</summary>
    public static string Alphabet(NumberWordsTask task) => TextCharacters.Of(Languages(task).Select(NumberWords.Of)
        .SelectMany(words =>
            Enumerable.Range(0, task.Terms * task.Maximum + 1).Select(words.Spell).Append(words.Plus + words.Is + words.Then))
            .Append(TaskBounds.Marks));

    /// <summary>What is known of a task's problems.</summary>
    public static TaskBounds Measure(NumberWordsTask task)
    {
        var (all, heldOut) = (0L, 0L);
        foreach (var terms in Sums(task))
        {
            all++;
            if (IsHeldOut(task, terms)) heldOut++;
        }

        var words = Languages(task).Select(NumberWords.Of).ToList();
        int Longest(Func<NumberWords, int> length) => words.Max(length);
        static int Spelled(NumberWords words, int most) => Enumerable.Range(0, most + 1).Max(number => words.Spell(number).Length);

        var sum = task.Terms * task.Maximum;
        // <bos> seven plus eight plus four=
        var prompt = 1 + Longest(word => task.Terms * Spelled(word, task.Maximum) + (task.Terms - 1) * word.Plus.Length) + 1;
        // <think>seven plus eight is fifteen, plus four is nineteen</think><answer>nineteen</answer><eos>, each step in any language
        var first = Longest(word => 2 * Spelled(word, task.Maximum) + word.Plus.Length + word.Is.Length + Spelled(word, sum));
        var next = Longest(word => word.Then.Length + Spelled(word, task.Maximum) + word.Is.Length + Spelled(word, sum));
        var example = 4 + first + (task.Terms - 2) * next + Longest(word => Spelled(word, sum)) + 1;
        return new((all - heldOut) * words.Count, heldOut * words.Count, prompt, prompt + example)
        {
            PromptCharacters =
                TextCharacters.Of(words.SelectMany(word => Enumerable.Range(1, task.Maximum).Select(word.Spell).Append(word.Plus))
                    .Append("=")),
            Alphabet = Alphabet(task),
        };
    }
}
