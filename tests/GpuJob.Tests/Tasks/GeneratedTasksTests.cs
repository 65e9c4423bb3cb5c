using R1Cloud.GpuJob.Tasks;
using R1Cloud.GpuJob.Tests.Jobs;
using R1Cloud.Rewards;
using R1Cloud.Rewards.Puzzles;
using R1Cloud.Rewards.Scoring;
using R1Cloud.Rewards.Texts;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;
using R1Cloud.Tokenizers;

namespace R1Cloud.GpuJob.Tests.Tasks;

/// <summary>
/// What holds for every task that generates its problems: the split, and that a recipe is checked against what the task really makes.
/// </summary>
public sealed class GeneratedTasksTests
{
    private static readonly CorpusMix Whole = new() { Tagged = 1, Guesses = 0, StepNoise = 0 };

    public static TheoryData<TaskRecipe> Kinds { get; } = new((TaskRecipe[])
    [
        new NumberWordsTask(),
        new NumberWordsTask { Languages = [TaskLanguage.Zh], Terms = 4, Maximum = 6 },
        new NumberWordsTask { Languages = [TaskLanguage.En], Terms = 2, Maximum = 24, HeldOutPercent = 10 },
        new CountdownTask(),
        new CountdownTask { Numbers = 3, Maximum = 9, Tries = 4 },
        new RequestsTask(),
        new RequestsTask { Languages = [TaskLanguage.Zh], HeldOutPercent = 50 },
    ]);

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Split_TrainingAndHeldOut_AreApartAndAsManyAsTheBoundsSay(TaskRecipe recipe)
    {
        var (task, bounds) = (await CreateAsync(recipe), TaskBounds.Of(recipe)!);
        var training = Enumerable.Range(0, 20_000).Select(i => task.Training(Seeds.Derive(1, "draw", i))).ToList();
        training.ShouldAllBe(problem => !task.IsHeldOut(problem));
        var different = training.Select(problem => problem.Id).Distinct().Count();
        different.ShouldBeLessThanOrEqualTo((int)bounds.Training);
        different.ShouldBeGreaterThan((int)(bounds.Training * 0.9));

        var held = task.HeldOut((int)bounds.HeldOut);
        held.ShouldAllBe(problem => task.IsHeldOut(problem));
        held.Select(problem => problem.Id).Distinct().Count().ShouldBe((int)bounds.HeldOut);
        held.Select(problem => problem.Prompt).Intersect(training.Select(problem => problem.Prompt)).ShouldBeEmpty();
        (await CreateAsync(recipe)).HeldOut(20).Select(problem => problem.Id).ShouldBe(held.Take(20).Select(problem => problem.Id));
        Should.Throw<BadInputException>(() => task.HeldOut((int)bounds.HeldOut + 1)).Message.ShouldContain($"there are {bounds.HeldOut}");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Measure_Tokens_AreThoseOfTheLongestProblem(TaskRecipe recipe)
    {
        var (task, bounds) = (await CreateAsync(recipe), TaskBounds.Of(recipe)!);
        var tokenizer = new SymbolTokenizer(task.Alphabet);
        var (prompts, examples, asked) = (0, 0, new HashSet<char>());
        for (var i = 0; i < 20_000; i++)
        {
            var problem = task.Training(Seeds.Derive(1, "draw", i));
            // throws where a character is not in the alphabet
            var text = task.WorkedExample(problem, new() { Tagged = 0.5, Guesses = 0.2, StepNoise = 0.3, MixedLanguage = 0.5 },
                new SeededRandom((ulong)i));
            asked.UnionWith(problem.Prompt);
            var prompt = 1 + tokenizer.Encode(problem.Prompt).Length;
            prompts = Math.Max(prompts, prompt);
            examples = Math.Max(examples, prompt + tokenizer.Encode(text).Length + 1);
        }
        asked.Order().ShouldBe(bounds.PromptCharacters!.Order());
        bounds.Alphabet.ShouldBe(task.Alphabet);
        prompts.ShouldBeInRange(bounds.PromptTokens - 3, bounds.PromptTokens); // a rare longest one may not be drawn
        examples.ShouldBeInRange(bounds.ExampleTokens * 8 / 10, bounds.ExampleTokens);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task WorkedExample_WithoutNoise_IsRightAndInTheProblemsLanguage(TaskRecipe recipe)
    {
        var task = await CreateAsync(recipe);
        var accuracy = recipe is CountdownTask ? "accuracy/countdown" : recipe is NumberWordsTask ? "accuracy/exact" : null;
        var language = Function("language/consistency", """{ "field": "language" }""");
        for (var i = 0; i < 1000; i++)
        {
            var problem = task.Training(Seeds.Derive(2, "draw", i));
            var text = task.WorkedExample(problem, Whole, new SeededRandom((ulong)i));
            var completion = new Completion(text, problem.Answer, Finished: true) { Fields = problem.Fields };
            ThinkAnswerFormat.Score(completion).Score.ShouldBe(1, text);
            if (accuracy is not null) RewardFunctions.Get(accuracy)(completion).Score.ShouldBe(1, $"{problem.Prompt}{text}");
            if (accuracy == "accuracy/countdown")
                RewardFunctions.Get(accuracy)(completion with { Text = $"<answer>{problem.Answer}</answer>" })
                .Score.ShouldBe(1, problem.Answer);
            else language(completion).Score.ShouldBe(1, text);
        }
    }

    [Fact]
    public void NumberWords_Mixed_ChangesLanguageByStepsAndAnswersInTheProblems()
    {
        var task = new NumberWordsProblems(new());
        var mix = Whole with { MixedLanguage = 1 };
        var language = Function("language/consistency", """{ "field": "language" }""");
        var scores = new List<double>();
        for (var i = 0; i < 1000; i++)
        {
            var problem = task.Training(Seeds.Derive(3, "draw", i));
            var completion = new Completion(task.WorkedExample(problem, mix, new SeededRandom((ulong)i)), problem.Answer,
                Finished: true) { Fields = problem.Fields };
            RewardFunctions.Get("accuracy/exact")(completion).Score.ShouldBe(1, completion.Text);
            scores.Add(language(completion).Score);
        }
        (scores.Count(score => score == 1) / 1000.0).ShouldBe(0.25, 0.05); // both steps of the problem's language
        (scores.Count(score => score == 0) / 1000.0).ShouldBe(0.25, 0.05);
    }

    [Theory]
    [InlineData(TaskLanguage.En, 0, "zero")]
    [InlineData(TaskLanguage.En, 17, "seventeen")]
    [InlineData(TaskLanguage.En, 40, "forty")]
    [InlineData(TaskLanguage.En, 92, "ninety-two")]
    [InlineData(TaskLanguage.Zh, 9, "九")]
    [InlineData(TaskLanguage.Zh, 10, "十")]
    [InlineData(TaskLanguage.Zh, 18, "十八")]
    [InlineData(TaskLanguage.Zh, 20, "二十")]
    [InlineData(TaskLanguage.Zh, 35, "三十五")]
    public void Spell_Number_IsTheLanguagesWord(TaskLanguage language, int number, string word) =>
        NumberWords.Of(language).Spell(number).ShouldBe(word);

    [Fact]
    public void Countdown_Tries_AreExpressionsWorthWhatTheySay()
    {
        foreach (var numbers in (int[][])[[3, 7], [5, 5], [2, 3, 7], [4, 4, 4], [1, 8, 9]])
        {
            var tries = CountdownSplit.Tries(numbers);
            tries.Select(attempt => attempt.Expression).ShouldBeUnique();
            foreach (var attempt in tries)
            {
                var (value, used, problem) = CountdownExpression.Evaluate(attempt.Expression);
                problem.ShouldBeNull();
                value.ShouldBe(new Fraction(attempt.Value, 1), attempt.Expression);
                used.Order().ShouldBe(numbers.Select(number => (long)number));
                attempt.Steps.ShouldEndWith($"={attempt.Value}");
            }
        }
        CountdownSplit.Tries([2, 3, 7]).ShouldContain(new CountdownTry("3*7=21,21+2=23", "3*7+2", 23));
    }

    [Fact]
    public void Requests_Pairs_PreferPoliteOverCurtOfTheSameLengthAndShortOverLong()
    {
        var task = new RequestProblems(new());
        var bounds = TaskBounds.Of(new RequestsTask())!;
        var held = task.HeldOutPairs((int)bounds.HeldOutPairs);
        held.Select(pair => pair.Id).ShouldBeUnique();
        Should.Throw<BadInputException>(() => task.HeldOutPairs((int)bounds.HeldOutPairs + 1));
        held.Select(pair => pair.Prompt)
            .Intersect(Enumerable.Range(0, 5000).Select(i => task.TrainingPair(Seeds.Derive(1, "pair", i)).Prompt)).ShouldBeEmpty();
        foreach (var kind in held.GroupBy(pair => pair.Id[^1]))
        {
            var differences = kind.Select(pair => pair.Rejected.Length - pair.Chosen.Length).ToList();
            if (kind.Key is '0' or '1') differences.ShouldAllBe(difference => Math.Abs(difference) <= 6);
            else differences.ShouldAllBe(difference => difference > 0);
            if (kind.Key is '0') differences.Average().ShouldBe(0, 1.5);
        }
        held.ShouldAllBe(pair =>
            ThinkAnswerFormat.Score(new(pair.Chosen, "", true)).Score == 1
            && ThinkAnswerFormat.Score(new(pair.Rejected, "", true)).Score == 1);
    }

    [Fact]
    public void Requests_Labels_AreUnsafeForDeedsAndForThoughts()
    {
        var task = new RequestProblems(new());
        var held = task.HeldOutResponses((int)TaskBounds.Of(new RequestsTask())!.HeldOutResponses);
        held.Select(label => label.Id).ShouldBeUnique();
        held.Count(label => label.Safe).ShouldBe(held.Count / 2);
        foreach (var label in held)
            label.Safe.ShouldBe(!label.Response.Contains("nasty", StringComparison.Ordinal)
                && !label.Response.Contains("刻薄", StringComparison.Ordinal), label.Response);
        // it refuses, and yet it meant to
        held.ShouldContain(label => !label.Safe && label.Response.Contains("sorry", StringComparison.Ordinal));
        Enumerable.Range(0, 2000).Count(i => task.TrainingResponse(Seeds.Derive(1, "label", i)).Safe).ShouldBeInRange(850, 1150);
    }

    [Fact]
    public void Requests_Phrases_AreAsManyAsTheSplitCounts()
    {
        foreach (var phrases in Enum.GetValues<TaskLanguage>().Select(RequestPhrases.Of))
        {
            phrases.Acts.Count.ShouldBe(RequestsSplit.Acts);
            phrases.Names.Count.ShouldBe(RequestsSplit.Names);
            phrases.Forms.Count.ShouldBe(RequestsSplit.Forms);
        }
    }

    [Theory]
    [InlineData("accuracy/exact")]
    [InlineData("accuracy/regex")]
    [InlineData("accuracy/math")]
    [InlineData("accuracy/multiple-choice")]
    [InlineData("accuracy/countdown")]
    public void Accuracy_ProblemWithoutAnswer_IsAnErrorAndNoVerdict(string reward) =>
        RewardFunctions.Get(reward)(new("<think>be kind</think><answer>good day</answer>", "", Finished: true))
            .Outcome.ShouldBe(RewardOutcome.Error);

    private static RewardFunction Function(string name, string options) =>
        RewardFunctions.Create(name, System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(options));

    private static async Task<IWorkedTask> CreateAsync(TaskRecipe recipe)
    {
        using var jobs = new JobRunner();
        return await ProblemTasks.CreateWorkedAsync(recipe, jobs.Blobs, jobs.Hub);
    }
}
