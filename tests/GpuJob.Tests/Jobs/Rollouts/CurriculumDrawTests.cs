using R1Cloud.GpuJob.Jobs.Rollouts;
using R1Cloud.GpuJob.Tasks;
using R1Cloud.Shared.Recipes;

namespace R1Cloud.GpuJob.Tests.Jobs.Rollouts;

/// <summary>Which problems a curriculum asks again.</summary>
public sealed class CurriculumDrawTests
{
    private static readonly CurriculumRecipe Quarter = new() { Low = 0.25, High = 0.75, Explore = 0.25 };

    // Problems whose seeds are their numbers; number 100 and on have their turn.
    private static string IdOf(ProblemDraw draw) => $"p{draw.Seed}";

    [Fact]
    public void Choose_EnoughInTheBand_AsksEachOnceAndExploresItsShare()
    {
        var draw = new CurriculumDraw(Quarter, Pool(Enumerable.Range(0, 20).Select(i => (i, i % 5))), seed: 3, "rl", iteration: 4);
        (draw.Known, draw.InBand).ShouldBe((20, 12), "rates 1/4, 2/4 and 3/4 of 0 to 4");
        var chosen = Choose(draw, 16);
        chosen.Where(one => one.FromBand).Select(one => one.Draw.Seed).ShouldBeUnique();
        chosen.Count(one => one.FromBand).ShouldBe(12);
        chosen.Where(one => one.FromBand).ShouldAllBe(one => one.Draw.Seed % 5 == 1 || one.Draw.Seed % 5 == 2 || one.Draw.Seed % 5 == 3);
        chosen.Where(one => !one.FromBand).ShouldAllBe(one => one.Draw.Seed >= 100);
    }

    [Fact]
    public void Choose_BandUsedUp_GoesOnWithThoseWhoseTurnItIs()
    {
        var draw = new CurriculumDraw(Quarter, Pool([(0, 2), (1, 4), (2, 0)]), 3, "rl", 1);
        var chosen = Choose(draw, 8);
        chosen.Count(one => one.FromBand).ShouldBe(1);
        chosen.Where(one => !one.FromBand).Select(one => one.Draw.Seed).ShouldBe([101UL, 102, 103, 104, 105, 106, 107]);
    }

    [Fact]
    public void Choose_NothingInTheBand_AsksWhatIsNext()
    {
        var draw = new CurriculumDraw(Quarter, Pool([(0, 0), (1, 4)]), 3, "rl", 1);
        draw.InBand.ShouldBe(0);
        Choose(draw, 4).ShouldAllBe(one => !one.FromBand && one.Draw.Seed >= 100);
    }

    [Fact]
    public void Choose_TurnOfAProblemOfTheBand_ExploresAnotherThatIsKnown()
    {
        var pool = Pool([(100, 2), (101, 2), (102, 2), (103, 2), (7, 0)]);
        var chosen = Choose(new CurriculumDraw(Quarter, pool, 3, "rl", 1), 4);
        chosen[3].ShouldBe((pool.Problems.Single(problem => problem.Problem == "p7").Draw(), false));
    }

    [Fact]
    public void Choose_OtherIterationOrSource_IsAnotherOrderOrNone()
    {
        var pool = Pool(Enumerable.Range(0, 30).Select(i => (i, 2)));
        List<ulong> Order(int iteration) => [.. Choose(new CurriculumDraw(Quarter, pool, 3, "rl", iteration), 30)
            .Where(one => one.FromBand).Select(one => one.Draw.Seed)];
        Order(1).ShouldBe(Order(1));
        Order(1).ShouldNotBe(Order(2));
        new CurriculumDraw(Quarter, pool, 3, "rl", 1).Choose("other", 0, 100UL, IdOf).ShouldBe(((ProblemDraw)100UL, false));
    }

    [Fact]
    public void Pool_AskedTwice_CountsTheLaterAndAddsUpWithinAnIteration()
    {
        AskedProblem Asked(int judged, int right, int iteration) => new("", "p", 1, 0, 0, judged, right, iteration);
        var pool = new DifficultyPool([Asked(4, 4, 0), Asked(4, 1, 2), Asked(4, 2, 2), Asked(0, 0, 3)]);
        pool.Problems.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            it => (it.Judged, it.Right, it.Iteration).ShouldBe((8, 3, 2)), it => it.PassRate().ShouldBe(0.375));
    }

    private static List<(ProblemDraw Draw, bool FromBand)> Choose(CurriculumDraw draw, int count) =>
        [.. Enumerable.Range(0, count).Select(index => draw.Choose("", index, (ulong)(100 + index), IdOf))];

    private static DifficultyPool Pool(IEnumerable<(int Number, int Right)> problems) =>
        new(problems.Select(one => new AskedProblem("", $"p{one.Number}", (ulong)one.Number, 0, 0, 4, one.Right, 0)));
}
