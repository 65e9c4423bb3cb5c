using FsCheck;
using FsCheck.Fluent;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Rewards;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Shared.Tests.Recipes;

/// <summary>Pairs of recipes drawn at random: keys are equal exactly where all that decides a result is.</summary>
public sealed class RandomStageKeyTests
{
    [Fact]
    public void Of_RandomRecipes_KeysAreEqualExactlyWhereAllThatDecidesIs() => Prop.ForAll(Pairs().ToArbitrary(), pair =>
    {
        var (a, b) = (StageKeyTests.Map(pair.A.Recipe()), StageKeyTests.Map(pair.B.Recipe()));
        (a["base"].Result == b["base"].Result).ShouldBe(pair.A.Base == pair.B.Base);
        (a["zero"].Result == b["zero"].Result).ShouldBe((pair.A.Base, pair.A.Rl) == (pair.B.Base, pair.B.Rl));
        (a["zero"].Evaluation == b["zero"].Evaluation)
            .ShouldBe((pair.A.Base, pair.A.Rl, pair.A.Problems) == (pair.B.Base, pair.B.Rl, pair.B.Problems));
        StageKeyTests.Parse(StageKeyTests.Json(pair.A.Recipe()).Replace("{", "{ ", StringComparison.Ordinal))
            .ShouldSatisfyAllConditions(copy => StageKeyTests.Keys(copy).ShouldBe(StageKeyTests.Keys(pair.A.Recipe())));
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    private static Gen<(Draft A, Draft B)> Pairs()
    {
        var small = Gen.Choose(0, 1);
        var draft =
            from seed in small from steps in small from digits in small from iterations in small from clip in small
            from problems in small from idle in Gen.Choose(0, 5)
                    select new Draft((seed, steps, digits), (iterations, clip), problems, idle);
        return from a in draft from b in draft select (a, b);
    }

    private sealed record Draft((int Seed, int Steps, int Digits) Base, (int Iterations, int Clip) Rl, int Problems, int Idle)
    {
        public Recipe Recipe() => new()
        {
            Name = $"draft-{Idle}",
            Seed = Base.Seed,
            Tasks = new OrderedDictionary<string, TaskRecipe> { ["t"] = new ArithmeticTask { Digits = 1 + Base.Digits } },
            Stages = new OrderedDictionary<string, StageRecipe>
            {
                ["base"] = new PretrainStage { Task = "t", Steps = 10 + Base.Steps, SaveEvery = 1 + Idle },
                ["zero"] = new RlStage
                {
                    From = "base", Task = "t", Iterations = 5 + Rl.Iterations, Shards = 1 + Idle, KeepEvery = 1 + Idle,
                        EvaluateEvery = Idle,
                    Loss = new() { ClipHigh = 0.2 + (0.1 * Rl.Clip) },
                        Rewards = new Dictionary<string, RewardRecipe> { ["accuracy/exact"] = 1 },
                },
            },
            Evaluation = new() { Task = "t", Problems = 10 + Problems },
            Workers = new() { Count = 1 + Idle },
            Jobs = new() { MaxAttempts = 1 + Idle },
        };
    }
}
