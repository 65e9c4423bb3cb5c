using System.Globalization;
using System.Text;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.GpuJob.Tasks;

/// <summary>
/// Sums in words: <c>seven plus eight plus four=</c> is worked as <c>seven plus eight is fifteen, plus four is nineteen</c>. The answer is
/// in the problem's language, so thinking in another one must be translated back.
/// </summary>
internal sealed class NumberWordsProblems(NumberWordsTask recipe) : IWorkedTask
{
    private const int GuessReach = 5; // how far off wrong guesses may be

    private readonly IReadOnlyList<TaskLanguage> languages = NumberWordsSplit.Languages(recipe);
    private readonly int greatest = recipe.Terms * recipe.Maximum;

    /// <inheritdoc/>
    public string Alphabet => NumberWordsSplit.Alphabet(recipe);

    /// <inheritdoc/>
    public Problem Training(ProblemDraw draw)
    {
        var random = new SeededRandom(draw.Seed);
        while (true)
        {
            var language = languages[random.Next(languages.Count)];
            int[] terms = [.. Enumerable.Range(0, recipe.Terms).Select(_ => 1 + random.Next(recipe.Maximum))];
            if (!NumberWordsSplit.IsHeldOut(recipe, terms)) return Create(language, terms);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<Problem> HeldOut(int count) => HeldOutProblems.Take(
        NumberWordsSplit.Sums(recipe).Where(terms => NumberWordsSplit.IsHeldOut(recipe, terms))
            .SelectMany(terms => languages.Select(language => Create(language, terms))),
        count, $"number-words (up to {recipe.Maximum}, {recipe.HeldOutPercent} % held out)");

    /// <inheritdoc/>
    public bool IsHeldOut(Problem problem) => NumberWordsSplit.IsHeldOut(recipe, Parse(problem.Id).Terms);

    /// <inheritdoc/>
    public string WorkedExample(Problem problem, CorpusMix mix, SeededRandom random)
    {
        var (language, terms) = Parse(problem.Id);
        var (steps, sum) = random.Chance(mix.Guesses) ? ("", Guess(terms.Sum(), mix, random)) : Add(language, terms, mix, random);
        return WorkedStyles.Write(steps, NumberWords.Of(language).Spell(sum), mix, random);
    }

    private static Problem Create(TaskLanguage language, int[] terms)
    {
        var words = NumberWords.Of(language);
        return new(
            $"{LanguageColumn.Code(language)}:{string.Join('+', terms.Select(term => term.ToString(CultureInfo.InvariantCulture)))}",
            string.Join(words.Plus, terms.Select(words.Spell)) + "=", words.Spell(terms.Sum()))
        {
            Fields = LanguageColumn.Of(language),
        };
    }

    private static (TaskLanguage Language, int[] Terms) Parse(string id)
    {
        var (language, sum) = LanguageColumn.Split(id);
        return (language, [.. sum.Split('+').Select(term => int.Parse(term, CultureInfo.InvariantCulture))]);
    }

    // The answer follows from the steps, errors included.
    private (string Steps, int Sum) Add(TaskLanguage language, int[] terms, CorpusMix mix, SeededRandom random)
    {
        var mixed = random.Chance(mix.MixedLanguage);
        var (steps, sum) = (new StringBuilder(), terms[0]);
        for (var at = 1; at < terms.Length; at++)
        {
            var words = NumberWords.Of(mixed ? languages[random.Next(languages.Count)] : language);
            steps.Append(at == 1 ? words.Spell(sum) + words.Plus : words.Then).Append(words.Spell(terms[at])).Append(words.Is);
            sum = random.Chance(mix.StepNoise) ? random.Next(greatest + 1) : Math.Min(greatest, sum + terms[at]);
            steps.Append(words.Spell(sum));
        }
        return (steps.ToString(), sum);
    }

    private int Guess(int truth, CorpusMix mix, SeededRandom random) =>
        random.Chance(mix.GuessAccuracy) ? truth : Math.Clamp(truth + random.Next(2 * GuessReach + 1) - GuessReach, 0, greatest);
}
