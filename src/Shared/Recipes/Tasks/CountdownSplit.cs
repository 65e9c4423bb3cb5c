using System.Collections.Concurrent;
using System.Globalization;

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>An expression over a countdown problem's numbers.</summary>
/// <param name="Steps">How it is worked out: <c>3*7=21,21+2=23</c>.</param>
/// <param name="Expression">As an answer: <c>3*7+2</c>.</param>
/// <param name="Value">What it is worth; at least 1.</param>
public readonly record struct CountdownTry(string Steps, string Expression, int Value);

/// <summary>The problems of a <see cref="CountdownTask"/>, and which of them are held out.</summary>
public static class CountdownSplit
{
    /// <summary>Every character of the task's texts.</summary>
    public const string Alphabet = "0123456789+-*(),?" + TaskBounds.Marks;

    private const long SplitSeed = 7;

    private static readonly ConcurrentDictionary<(int, int, int, int), TaskBounds> Measured = new();

    /// <summary>Whether a problem is held out for evaluation.</summary>
    /// <param name="task">The task.</param>
    /// <param name="numbers">The problem's numbers, in order.</param>
    /// <param name="target">Its target.</param>
    public static bool IsHeldOut(CountdownTask task, IReadOnlyList<int> numbers, int target) =>
        Seeds.Derive(SplitSeed, "countdown", [.. numbers.Select(number => (long)number), target]) % 100 < (ulong)task.HeldOutPercent;

    /// <summary>What the numbers can be made into: each expression once, in a fixed order; nothing on the way is below 1.</summary>
    /// <param name="numbers">Two or three numbers, in order.</param>
    public static IReadOnlyList<CountdownTry> Tries(IReadOnlyList<int> numbers)
    {
        var tries = new List<CountdownTry>();
        if (numbers.Count == 2) tries.AddRange(Combine(Term.Of(numbers[0]), Term.Of(numbers[1])).Select(term => term.AsTry()));
        else
        {
            foreach (var (a, b, rest) in ((int, int, int)[])[(0, 1, 2), (0, 2, 1), (1, 2, 0)])
            {
                foreach (var inner in Combine(Term.Of(numbers[a]), Term.Of(numbers[b])))
                    tries.AddRange(Combine(inner, Term.Of(numbers[rest])).Select(outer => outer.AsTry()));
            }
        }
        return [.. tries.DistinctBy(attempt => attempt.Expression)];
    }

    /// <summary>Every problem, in a fixed order: numbers in order and a target that they can be made into.</summary>
    public static IEnumerable<(int[] Numbers, int Target)> Problems(CountdownTask task)
    {
        for (var a = 1; a <= task.Maximum; a++)
        {
            for (var b = a; b <= task.Maximum; b++)
            {
                for (var c = b; c <= (task.Numbers == 3 ? task.Maximum : b); c++)
                {
                    int[] numbers = task.Numbers == 3 ? [a, b, c] : [a, b];
                    foreach (var target in Tries(numbers).Select(attempt => attempt.Value).Distinct()) yield return (numbers, target);
                }
            }
        }
    }

    /// <summary>What is known of a task's problems.</summary>
    public static TaskBounds Measure(CountdownTask task) => Measured.GetOrAdd((task.Numbers, task.Maximum, task.Tries, task.HeldOutPercent),
        _ =>
    {
        var (all, heldOut, prompt, steps, answer) = (0L, 0L, 0, 0, 0);
        foreach (var (numbers, target) in Problems(task))
        {
            all++;
            if (IsHeldOut(task, numbers, target)) heldOut++;
            prompt = Math.Max(prompt, Prompt(numbers, target).Length);
        }
        int[] greatest = [.. Enumerable.Repeat(task.Maximum, task.Numbers)];
        foreach (var attempt in Tries(greatest)
            .Concat(Tries([.. greatest.Select((number, index) => index == 0 ? Math.Max(1, number - 1) : number)])))
        {
            steps = Math.Max(steps, attempt.Steps.Length);
            answer = Math.Max(answer, attempt.Expression.Length);
        }
        // <bos> 2,3,7=23? <think> tries, a mark between them </think><answer>3*7+2</answer><eos>
        return new(all - heldOut, heldOut, 1 + prompt,
            1 + prompt + 4 + task.Tries * (steps + 1) - 1 + answer + 1) { PromptCharacters = "0123456789,=?", Alphabet = Alphabet };
    });

    /// <summary>A problem as it is asked.</summary>
    public static string Prompt(IReadOnlyList<int> numbers, int target) =>
        string.Create(CultureInfo.InvariantCulture, $"{string.Join(',', numbers)}={target}?");

    private static IEnumerable<Term> Combine(Term x, Term y)
    {
        var (more, less) = x.Value >= y.Value ? (x, y) : (y, x);
        yield return x.With(y, '+', x.Value + y.Value);
        if (more.Value > less.Value) yield return more.With(less, '-', more.Value - less.Value);
        yield return x.With(y, '*', x.Value * y.Value);
    }

    // Of an expression's parts at most one is worked out before; its text needs brackets beside × unless it is a product, and after −.
    private readonly record struct Term(int Value, string Text, string Steps, bool IsSum)
    {
        public static Term Of(int number) => new(number, number.ToString(CultureInfo.InvariantCulture), "", IsSum: false);

        public Term With(Term right, char sign, int value)
        {
            var worked = string.Concat(Steps, right.Steps);
            return new(
                value,
                Bracketed(sign == '*') + sign + right.Bracketed(sign != '+'),
                string.Create(CultureInfo.InvariantCulture, $"{worked}{(worked.Length > 0 ? "," : "")}{Value}{sign}{right.Value}={value}"),
                IsSum: sign != '*');
        }

        public CountdownTry AsTry() => new(Steps, Text, Value);

        private string Bracketed(bool needed) => needed && IsSum ? $"({Text})" : Text;
    }
}
