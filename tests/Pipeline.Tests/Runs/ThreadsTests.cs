using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Keys;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Runs;

/// <summary>The last bits of a sum depend on the number of threads that add it up: a run keeps the number that it began with.</summary>
public sealed class ThreadsTests
{
    [Theory]
    [InlineData("", 2)]
    [InlineData(""" "workers": { "threads": 3 }, """, 3)]
    public async Task Retry_WhereWorkersGetOtherThreads_GoesOnWithThoseOfTheBeginning(string workers, int expected)
    {
        await using var host = new PipelineHost();
        host.Pool.Threads = 2;
        host.Pool.OnJob = _ => throw new BadInputException("no");
        await host.Runs.CreateAsync(Recipe(workers), "run", null);
        await host.WaitAsync("run", RunStatus.Failed);
        (await host.Blobs.ReadJsonAsync<RunSpec>(BlobLayout.RunSpec("run"))).Threads.ShouldBe(expected);

        host.Pool.Threads = 8;
        host.Pool.Asked.Clear();
        host.Pool.OnJob = _ => Task.CompletedTask;
        await host.Runs.RetryAsync("run");
        (await host.WaitAsync("run",
            run => run.Status == RunStatus.Completed || (run.Status == RunStatus.Failed && !host.Pool.Ran.IsEmpty))).Error.ShouldBeNull();
        host.Pool.Asked["run"].ShouldBe(expected);
    }

    [Fact]
    public async Task Reuse_WhereWorkersGetOtherThreads_IsOfTheSameNumberAlone()
    {
        await using var host = new PipelineHost();
        host.Pool.Threads = 2;
        await host.Runs.CreateAsync(Recipe(), "first", null);
        (await host.WaitAsync("first", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
        (await ReasonAsync("")).ShouldBeNull();

        host.Pool.Threads = 4;
        (await ReasonAsync("")).ShouldBe("changed: threads");
        (await ReasonAsync(""" "workers": { "threads": 2 }, """)).ShouldBeNull("the recipe's own number is the same");
        (await ReasonAsync(""" "workers": { "threads": 2, "count": 3 }, """)).ShouldBeNull("the number of workers is of no account");

        async Task<string?> ReasonAsync(string workers) => (await host.Runs.PlanReuseAsync(Recipe(workers), reuse: true)).Stages[0].Reason;
    }

    /// <summary>A run that an earlier version created says no number: its keys are what they were.</summary>
    [Fact]
    public void Keys_WithoutANumber_AreThoseOfBefore()
    {
        var recipe = Recipe(""" "workers": { "threads": 2 }, """).Recipe;
        var none = new Dictionary<string, string?>();
        StageKeys.Of(recipe, none)["base"].Basis.TryGetProperty("threads", out _).ShouldBeFalse();
        StageKeys.Of(recipe, none, threads: 2)["base"].Result.ShouldNotBe(StageKeys.Of(recipe, none)["base"].Result);
        StageKeys.Of(recipe, none, threads: 2)["base"].Result.ShouldNotBe(StageKeys.Of(recipe, none, threads: 1)["base"].Result);
    }

    private static LoadedRecipe Recipe(string workers = "") =>
        TestRecipes.Load(TestRecipes.Json(iterations: 1).Replace("\"tasks\"", workers + "\"tasks\"", StringComparison.Ordinal));
}
