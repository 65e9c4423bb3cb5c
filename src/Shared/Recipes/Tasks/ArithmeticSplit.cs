using System.Collections.Concurrent;

namespace R1Cloud.Shared.Recipes.Tasks;

/// <summary>The problems of an <see cref="ArithmeticTask"/>, and which of them are held out.</summary>
public static class ArithmeticSplit
{
    /// <summary>Every character of the task's texts.</summary>
    public const string Alphabet = "0123456789+*=;-,?";

    private const long SplitSeed = 7;

    /// <summary>Spaces up to this size are split by looking at each problem; larger ones are drawn from.</summary>
    public const long MaxEnumerated = 1_000_000;

    private static readonly ConcurrentDictionary<(ArithmeticOperation, int, int), long> Counts = new();

    /// <summary>Left operands are below this.</summary>
    public static int LeftBound(ArithmeticTask task) => (int)Math.Pow(10, task.Digits);

    /// <summary>Right operands are below this.</summary>
    public static int RightBound(ArithmeticTask task) => task.Operation == ArithmeticOperation.Multiply ? 10 : LeftBound(task);

    /// <summary>Whether a problem is held out for evaluation; one and its commuted twin always go the same way.</summary>
    public static bool IsHeldOut(ArithmeticTask task, int a, int b)
    {
        var multiply = task.Operation == ArithmeticOperation.Multiply;
        if (!multiply && a > b) (a, b) = (b, a);
        return Seeds.Derive(SplitSeed, "held-out", multiply ? 1 : 0, task.Digits, a, b) % 100 < (ulong)task.HeldOutPercent;
    }

    /// <summary>
    /// Held-out problems that may be asked for: all there are, or half of those to be expected where they are drawn rather than listed.
    /// </summary>
    public static long HeldOut(ArithmeticTask task)
    {
        var all = (long)LeftBound(task) * RightBound(task);
        return all > MaxEnumerated
            ? all / 100 * task.HeldOutPercent / 2 : Counts.GetOrAdd((task.Operation, task.Digits, task.HeldOutPercent), _ => Count(task));
    }

    /// <summary>What is known of a task's problems.</summary>
    public static TaskBounds Measure(ArithmeticTask task)
    {
        var (d, heldOut, multiply) = (task.Digits, HeldOut(task), task.Operation == ArithmeticOperation.Multiply);
        var all = (long)LeftBound(task) * RightBound(task);
        var prompt = 1 + d + 1 + (multiply ? 1 : d) + 1; // <bos> 57 + 83 =
        // Addition works a digit in "7+3+0=10;". Multiplication takes "50*8=400;56+400=456;", longer with each place.
        var steps = multiply ? Enumerable.Range(0, d).Sum(place => 2 * place + 7 + (place > 0 ? 3 * place + 8 : 0)) - 1 : 9 * d - 1;
        return new(all > MaxEnumerated ? all - all / 100 * task.HeldOutPercent : all - heldOut, heldOut, prompt,
            prompt + steps + 4 + (d + 1) + 1)
        {
            PromptCharacters = multiply ? "0123456789*=" : "0123456789+=",
            Alphabet = Alphabet,
        };
    }

    private static long Count(ArithmeticTask task)
    {
        var count = 0L;
        for (var a = 0; a < LeftBound(task); a++)
        {
            for (var b = 0; b < RightBound(task); b++)
            {
                if (IsHeldOut(task, a, b)) count++;
            }
        }
        return count;
    }
}
