using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Stages.Reinforcement;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Tasks;

namespace R1Cloud.Pipeline.Tests.Stages;

public class RlTests
{
    [Theory]
    [InlineData(32, 1)]
    [InlineData(32, 5)]
    [InlineData(7, 7)]
    [InlineData(7, 2)]
    public void Rollouts_AnyShards_CoverEveryQuestionOnce(int questions, int shards)
    {
        var settings = new RlStage { Task = "addition", From = "base", Questions = questions, Shards = shards };
        var stage = new StageInput
        {
            RunId = "run", Name = "rl", Label = "rl~2", Seed = 9, Settings = settings, Jobs = new(),
                Tasks = new Dictionary<string, TaskRecipe> { ["addition"] = new ArithmeticTask() },
        };

        var jobs = RolloutRounds.Shards(new(stage, 3, "policy/"), settings, round: 0, first: 0, questions);

        jobs.Select(job => job.JobId).ShouldBe(Enumerable.Range(0, shards).Select(shard => $"rl~2/000003/rollout/{shard}"));
        jobs.ShouldAllBe(job => job.Payload.Seed == 9 && job.Payload.Stage == "rl");
        var rollouts = jobs.Select(job => (RolloutJob)job.Payload).ToList();
        rollouts.SelectMany(job => Enumerable.Range(job.FirstQuestion, job.QuestionCount)).ShouldBe(Enumerable.Range(0, questions));
        (rollouts.Max(job => job.QuestionCount) - rollouts.Min(job => job.QuestionCount)).ShouldBeLessThanOrEqualTo(1);
    }

    [Theory]
    [InlineData(3, 7, "step-6")]
    [InlineData(0, 7, "base")]
    [InlineData(10, 7, "base")]
    [InlineData(1, 7, "step-7")]
    public void Advance_EverySoMany_TheReferenceBecomesThePolicy(int every, int iterations, string reference)
    {
        var cursor = new RlCursor(0, "base", "base", default, new());
        for (var i = 0; i < iterations; i++)
            cursor = RlStageKind.Advance(cursor, new() { Task = "t", ReferenceEvery = every }, $"step-{i + 1}",
                new() { Wall = 2, Generation = 1 });

        cursor.ShouldBe(
            new(iterations, $"step-{iterations}", reference, default, new() { Wall = 2 * iterations, Generation = iterations }));
    }

    [Fact]
    public void Revisions_OfAStage_RaiseItAndThoseThatDependOnIt()
    {
        var recipe = TestRecipes.Load(TestRecipes.Json()).Recipe;

        var once = RunRetries.Revisions(recipe, new Dictionary<string, int>(), ["r1-zero"]);
        var twice = RunRetries.Revisions(recipe, once, ["base"]);

        RunRetries.Revisions(recipe, once, []).ShouldBe(once);
        twice.ShouldBe(new Dictionary<string, int> { ["r1-zero"] = 2, ["base"] = 1 }, ignoreOrder: true);
        new RunInput("run", 2, twice).Label("r1-zero").ShouldBe("r1-zero~2");
        new RunInput("run").Label("r1-zero").ShouldBe("r1-zero");
    }

    [Fact]
    public void TimeBreakdown_Overhead_IsWhatIsNoWork()
    {
        var time = new TimeBreakdown { Wall = 10, Generation = 4, Reward = 1, Update = 3, Storage = 0.5 };
        time.Waiting.ShouldBe(1.5);
        time.Overhead.ShouldBe(0.2, 1e-12);
        new TimeBreakdown().Overhead.ShouldBe(0);
    }
}
