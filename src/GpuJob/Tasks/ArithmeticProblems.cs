using System.Globalization;
using System.Text;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>
/// Integer addition and multiplication, e.g. <c>57+83=</c>, worked digit by digit. A problem and its commuted twin (<c>83+57=</c>) fall
/// on the same side of the split.
/// </summary>
internal sealed class ArithmeticProblems(ArithmeticTask recipe) : IWorkedTask
{
    private const long OrderSeed = 11;

    private readonly int bound = ArithmeticSplit.LeftBound(recipe);
    private readonly bool multiply = recipe.Operation == ArithmeticOperation.Multiply;

    /// <inheritdoc/>
    public string Alphabet => ArithmeticSplit.Alphabet;

    private int RightBound => ArithmeticSplit.RightBound(recipe);

    /// <inheritdoc/>
    public Problem Training(ProblemDraw draw)
    {
        var random = new SeededRandom(draw.Seed);
        while (true)
        {
            var (a, b) = (random.Next(bound), random.Next(RightBound));
            if (!IsHeldOut(a, b)) return Create(a, b);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<Problem> HeldOut(int count)
    {
        var all = (long)bound * RightBound;
        var random = new SeededRandom(Seeds.Derive(OrderSeed, "held-out order"));
        var chosen = new List<(int A, int B)>();
        if (all <= ArithmeticSplit.MaxEnumerated)
        {
            for (var a = 0; a < bound; a++)
                for (var b = 0; b < RightBound; b++)
                    if (IsHeldOut(a, b)) chosen.Add((a, b));
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(chosen));
        }
        else if (count <= ArithmeticSplit.HeldOut(recipe)) // leaves the drawing below room to find different ones
        {
            var seen = new HashSet<(int, int)>();
            while (chosen.Count < count)
            {
                var pair = (A: random.Next(bound), B: random.Next(RightBound));
                if (IsHeldOut(pair.A, pair.B) && seen.Add(pair)) chosen.Add(pair);
            }
        }

        return chosen.Count >= count
            ? [.. chosen.Take(count).Select(pair => Create(pair.A, pair.B))]
            : throw new BadInputException(
                $"Task arithmetic ({recipe.Operation}, {recipe.Digits} digits, {recipe.HeldOutPercent} % held out): {count} held-out "
                + $"problems asked for, there are {ArithmeticSplit.HeldOut(recipe)}.");
    }

    /// <inheritdoc/>
    public bool IsHeldOut(Problem problem)
    {
        var operands = problem.Id.Split(multiply ? '*' : '+');
        return IsHeldOut(int.Parse(operands[0], CultureInfo.InvariantCulture), int.Parse(operands[1], CultureInfo.InvariantCulture));
    }

    /// <inheritdoc/>
    public string WorkedExample(Problem problem, CorpusMix mix, SeededRandom random)
    {
        var operands = problem.Id.Split(multiply ? '*' : '+').Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        var (steps, answer) = random.Chance(mix.Guesses)
            ? ("", Guess(long.Parse(problem.Answer, CultureInfo.InvariantCulture), mix, random))
            : multiply ? Multiply(operands[0], operands[1], mix, random) : Add(operands[0], operands[1], mix, random);
        return WorkedStyles.Write(steps, answer, mix, random);
    }

    private Problem Create(int a, int b)
    {
        var width = "D" + recipe.Digits.ToString(CultureInfo.InvariantCulture);
        var left = a.ToString(width, CultureInfo.InvariantCulture);
        var id = multiply
            ? string.Create(CultureInfo.InvariantCulture, $"{left}*{b}") : $"{left}+{b.ToString(width, CultureInfo.InvariantCulture)}";
        var answer = multiply ? (long)a * b : (long)a + b;
        return new Problem(id, id + "=", answer.ToString(CultureInfo.InvariantCulture));
    }

    private bool IsHeldOut(int a, int b) => ArithmeticSplit.IsHeldOut(recipe, a, b);

    // Right to left: "7+3+0=10;5+8+1=14" is digit + digit + carry = two digits. The answer follows from the steps, errors included.
    private (string Steps, string Answer) Add(int a, int b, CorpusMix mix, SeededRandom random)
    {
        var steps = new StringBuilder();
        var answer = "";
        var carry = 0;
        for (var digit = 0; digit < recipe.Digits; digit++, a /= 10, b /= 10)
        {
            var sum = Noisy(a % 10 + b % 10 + carry, 20, mix, random);
            if (digit > 0) steps.Append(';');
            steps.Append(CultureInfo.InvariantCulture, $"{a % 10}+{b % 10}+{carry}={sum:D2}");
            answer = (char)('0' + sum % 10) + answer;
            carry = sum / 10;
        }
        answer = (carry.ToString(CultureInfo.InvariantCulture) + answer).TrimStart('0');
        return (steps.ToString(), answer.Length > 0 ? answer : "0");
    }

    // Partial products by digit, then their sum: "7*8=56;50*8=400;56+400=456".
    private static (string Steps, string Answer) Multiply(int a, int b, CorpusMix mix, SeededRandom random)
    {
        var steps = new StringBuilder();
        var total = 0;
        for (var (place, rest) = (1, a); rest > 0 || place == 1; place *= 10, rest /= 10)
        {
            var part = Noisy(rest % 10 * b, 82, mix, random) * place;
            steps.Append(CultureInfo.InvariantCulture, $"{rest % 10 * place}*{b}={part};");
            if (place > 1) steps.Append(CultureInfo.InvariantCulture, $"{total}+{part}={total + part};");
            total += part;
        }
        return (steps.ToString().TrimEnd(';'), total.ToString(CultureInfo.InvariantCulture));
    }

    private static int Noisy(int value, int bound, CorpusMix mix, SeededRandom random) =>
        random.Chance(mix.StepNoise) ? random.Next(bound) : value;

    private static string Guess(long truth, CorpusMix mix, SeededRandom random) =>
        (random.Chance(mix.GuessAccuracy) ? truth : Math.Max(0, truth + random.Next(31) - 15)).ToString(CultureInfo.InvariantCulture);
}
