using R1Cloud.Shared.Recipes;

namespace R1Cloud.Shared.Tests.Recipes;

public sealed class QuestionSplitTests
{
    private static readonly RlStage Mixed = new()
    {
        Iterations = 10, Questions = 10, DynamicSampling = new() { MaxRounds = 3 },
        Sources = new Dictionary<string, PromptSource>
        {
            ["math"] = new() { Task = "m", Share = 3 },
            ["code"] = new() { Task = "c", Share = 1 },
            ["general"] = new() { Task = "g", Share = 2, FromIteration = 6 },
        },
    };

    [Fact]
    public void At_StageWithOneTask_IsAsItHasAlwaysBeen()
    {
        var split = new QuestionSplit(new() { Task = "t", Iterations = 5, Questions = 8 });
        foreach (var (iteration, question) in new[] { (0, 0), (0, 7), (3, 2), (4, 7) })
            split.At(iteration, question).ShouldBe(new("", iteration * 8L + question, iteration / 4.0));
    }

    [Fact]
    public void IndexAt_Question_CountsThoseOfItsSourceBeforeIt()
    {
        var split = new QuestionSplit(Mixed);
        foreach (var iteration in new[] { 0, 6 })
        {
            foreach (var source in Enumerable.Range(0, 30).GroupBy(question => split.At(iteration, question).Source))
            {
                source.Select(question => split.IndexAt(iteration, question))
                    .ShouldBe(Enumerable.Range(0, source.Count()).Select(i => (long)i));
            }
        }
    }

    [Theory]
    [InlineData(0, "code 3, math 7")] // 2.5 and 7.5: of equal remainders the first name
    [InlineData(5, "code 3, math 7")]
    [InlineData(6, "code 2, general 3, math 5")] // 1.67, 3.33, 5
    [InlineData(9, "code 2, general 3, math 5")]
    public void At_Iteration_SharesQuestionsOutByLargestRemainder(int iteration, string counts)
    {
        var split = new QuestionSplit(Mixed);
        string Counts(int round) =>
            string.Join(", ",
                Enumerable.Range(round * 10, 10).Select(question => split.At(iteration, question).Source).GroupBy(source => source)
                .OrderBy(source => source.Key).Select(source => $"{source.Key} {source.Count()}"));
        Counts(0).ShouldBe(counts);
        Counts(2).ShouldBe(counts, "later rounds go on alike");
    }

    [Fact]
    public void At_AnyRunOfQuestions_HoldsAboutTheShares()
    {
        var split = new QuestionSplit(Mixed with { Questions = 120 });
        for (var first = 0; first + 20 <= 120; first++)
            Enumerable.Range(first, 20).Count(question => split.At(0, question).Source == "math").ShouldBeInRange(14, 16);
    }

    [Fact]
    public void At_WholeStage_DrawsEachSourcesPositionsOnce()
    {
        var split = new QuestionSplit(Mixed);
        var regular = Draw(0, 10);
        var refills = Draw(10, 30);
        foreach (var source in Mixed.Sources.Keys)
        {
            regular[source]
                .ShouldBe(Enumerable.Range(0, (int)split.Total(source)).Select(position => (long)position),
                    "one after the other, through the iteration in which a source joins in");
            regular[source].Concat(refills[source]).ShouldBeUnique();
            refills[source].Min().ShouldBe(split.Total(source), "what later rounds draw moves nobody's regular problems");
        }
        split.Total("general").ShouldBe(12);
        (split.Most("math"), split.Least("math"), split.Least("general")).ShouldBe((7, 5, 3));

        ILookup<string, long> Draw(int from, int to) => Enumerable.Range(0, 10)
            .SelectMany(iteration => Enumerable.Range(from, to - from).Select(question => split.At(iteration, question)))
                .ToLookup(origin => origin.Source, origin => origin.Position);
    }

    [Fact]
    public void At_SourceThatJoinsIn_BeginsWithItsOwnProgress()
    {
        var split = new QuestionSplit(Mixed);
        Progress("math").ShouldBe([0, 1]);
        Progress("general").ShouldBe([0, 1]);

        double[] Progress(string source) =>
            [.. new[] { Mixed.Sources[source].FromIteration, 9 }
                .Select(iteration =>
                    Enumerable.Range(0, 10).Select(question => split.At(iteration, question)).First(origin => origin.Source == source)
                    .Progress)];
    }

    [Fact]
    public void At_SharesInOtherUnitsOrOrder_SplitsTheSame()
    {
        var (a, b) =
            (new QuestionSplit(Mixed),
                new QuestionSplit(
                    Mixed with { Sources = Mixed.Sources.Reverse()
                        .ToDictionary(source => source.Key, source => source.Value with { Share = source.Value.Share * 1e307 }) }));
        for (var question = 0; question < 30; question++) b.At(7, question).ShouldBe(a.At(7, question));
    }
}
