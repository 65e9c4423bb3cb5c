using System.Globalization;
using System.Text.Json;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>
/// The countdown game: <c>2,3,7=23?</c> is worked by trying expressions until one is worth the target, <c>2+3=5,5*7=35;3*7=21,21+2=23</c>.
/// </summary>
internal sealed class CountdownProblems(CountdownTask recipe) : IWorkedTask
{
    /// <inheritdoc/>
    public string Alphabet => CountdownSplit.Alphabet;

    /// <inheritdoc/>
    public Problem Training(ProblemDraw draw)
    {
        var random = new SeededRandom(draw.Seed);
        while (true)
        {
            int[] numbers = [.. Enumerable.Range(0, recipe.Numbers).Select(_ => 1 + random.Next(recipe.Maximum)).Order()];
            var tries = CountdownSplit.Tries(numbers);
            var target = tries[random.Next(tries.Count)].Value;
            if (!CountdownSplit.IsHeldOut(recipe, numbers, target)) return Create(numbers, target);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<Problem> HeldOut(int count) => HeldOutProblems.Take(
        CountdownSplit.Problems(recipe).Where(problem => CountdownSplit.IsHeldOut(recipe, problem.Numbers, problem.Target))
            .Select(problem => Create(problem.Numbers, problem.Target)),
        count, $"countdown ({recipe.Numbers} numbers up to {recipe.Maximum}, {recipe.HeldOutPercent} % held out)");

    /// <inheritdoc/>
    public bool IsHeldOut(Problem problem)
    {
        var (numbers, target) = Parse(problem.Id);
        return CountdownSplit.IsHeldOut(recipe, numbers, target);
    }

    /// <inheritdoc/>
    public string WorkedExample(Problem problem, CorpusMix mix, SeededRandom random)
    {
        var (numbers, target) = Parse(problem.Id);
        var tries = CountdownSplit.Tries(numbers).ToArray();
        random.Shuffle(tries.AsSpan());
        CountdownTry[] right = [.. tries.Where(attempt => attempt.Value == target)],
            wrong = [.. tries.Where(attempt => attempt.Value != target)];
        if (random.Chance(mix.Guesses))
        {
            var guess = random.Chance(mix.GuessAccuracy) || wrong.Length == 0 ? right[0] : wrong[0];
            return WorkedStyles.Write("", guess.Expression, mix, random);
        }

        var tried = new List<string>();
        var answer = right[0];
        foreach (var attempt in wrong.Take(random.Next(recipe.Tries)))
        {
            tried.Add(attempt.Steps);
            if (!random.Chance(mix.StepNoise)) continue;
            // A slip: the attempt is taken to be worth the target, and the search ends there.
            tried[^1] = string.Create(CultureInfo.InvariantCulture, $"{attempt.Steps[..(attempt.Steps.LastIndexOf('=') + 1)]}{target}");
            answer = attempt;
            break;
        }
        if (answer == right[0]) tried.Add(answer.Steps);
        return WorkedStyles.Write(string.Join(';', tried), answer.Expression, mix, random);
    }

    private static Problem Create(IReadOnlyList<int> numbers, int target)
    {
        var prompt = CountdownSplit.Prompt(numbers, target);
        return new(prompt.TrimEnd('?'), prompt, CountdownSplit.Tries(numbers).First(attempt => attempt.Value == target).Expression)
        {
            Fields = new Dictionary<string, JsonElement> { ["nums"] = JsonSerializer.SerializeToElement(numbers),
                ["target"] = JsonSerializer.SerializeToElement(target) },
        };
    }

    private static (int[] Numbers, int Target) Parse(string id)
    {
        var parts = id.Split('=');
        return ([.. parts[0].Split(',').Select(Number)], Number(parts[1]));

        static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }
}
