using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Runs;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Pipeline.Workers;
using R1Cloud.Shared.Recipes;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Pipeline.Tests.Runs;

/// <summary>A run pauses before it would spend more than its budget, and goes on when that is raised.</summary>
public class BudgetTests
{
    private static readonly BudgetRecipe Ten = new() { Amount = 10, Currency = "USD" };
    private static readonly IReadOnlySet<string> None = new HashSet<string>();

    [Fact]
    public async Task Run_BudgetUsedUp_PausesAndGoesOnWhenItIsRaised()
    {
        await using var host = new PipelineHost();
        host.Pool.Usage = Hours(host);
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe("\"amount\": 7, \"currency\": \"hours\"")), "a", null);
        // The pretraining and its measurement are two hours, an iteration takes two.
        var held = await host.WaitAsync("a", run => run.Budget?.Held is not null && run.Status == RunStatus.Paused);
        held.Stages[1].Done.ShouldBe(3);
        (held.Budget!.Amount, held.Budget.Currency, held.Budget.Spent, held.Budget.NextIs, held.Budget.Warns)
            .ShouldBe((7, "hours", 8, "iteration 4 of r1-zero", true));
        held.Budget.Held!.ShouldContain("8.00 of 7.00 hours are spent, and iteration 4 of r1-zero is estimated to cost");
        held.Budget.Held!.ShouldContain("Going on takes a budget of 8.0");
        held.Workers.Workers.ShouldBeEmpty("nobody waits at a price");
        host.Pool.Ran.Count.ShouldBe(8);

        (await Should.ThrowAsync<InvalidRequestException>(() => host.Runs.ResumeAsync("a", 7))).Message
            .ShouldContain("more than 7.00 hours");
        await host.Runs.ResumeAsync("a");
        (await host.WaitAsync("a", run => run.Status == RunStatus.Paused)).Stages[1].Done.ShouldBe(3);
        host.Pool.Ran.Count.ShouldBe(8, "resumed alone it asks again, and is held again");

        await host.Runs.ResumeAsync("a", 100);
        var done = await host.WaitAsync("a", RunStatus.Completed);
        (done.Budget!.Amount, done.Budget.Held, done.Budget.NextIs, done.Budget.Warns).ShouldBe((100, null, null, false));
    }

    [Fact]
    public async Task Run_BudgetThatFits_RunsAsWithout()
    {
        await using var host = new PipelineHost();
        host.Pool.Usage = Hours(host);
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe("\"amount\": 1000, \"currency\": \"hours\"")), "a", null);
        await host.WaitAsync("a", RunStatus.Completed);
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe("\"amount\": 2000, \"currency\": \"hours\"")), "b", null);
        (await host.WaitAsync("b", RunStatus.Completed)).Stages.ShouldAllBe(stage => stage.ReusedFrom!.RunId == "a",
            "what a run may cost does not change what it makes");
        (await Should.ThrowAsync<RunConflictException>(async () =>
        {
            await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json("free")), "c", null);
            await host.Runs.ResumeAsync("c", 5);
        })).Message.ShouldContain("budget");
        await host.WaitAsync("c", RunStatus.Completed);
    }

    [Fact]
    public void Asked_UnitThatFits_IsAdmittedAndThenKnownForItsCost()
    {
        var book = RunBudgets.Asked(new(), Ten, new("iteration 1", 2, 0), "rl", None, spent: 0);
        (book.Held, book.Worst, book.Units["rl"].Estimate).ShouldBe((null, null, 2));

        book = RunBudgets.Asked(book, Ten, new("iteration 2", 2.5, 3), "rl", None, spent: 3);
        (book.Held, book.Worst).ShouldBe((null, 1.5));

        book = RunBudgets.Asked(book, Ten, new("iteration 3", 5, 5.5), "rl", None, spent: 5.5);
        book.Held.ShouldBe(
            "5.50 of 10.00 USD are spent, and iteration 3 is estimated to cost 5.00 more. Going on takes a budget of 10.50.");
        book.Waits!.What.ShouldBe("iteration 3");

        RunBudgets.Asked(book with { Raised = 10.5 }, Ten, new("iteration 3", 5, 5.5), "rl", None, spent: 5.5).Held.ShouldBeNull();
    }

    [Fact]
    public void Asked_BesideOthers_LeavesWhatTheyAreEstimatedToCostStill()
    {
        var book = RunBudgets.Asked(new(), Ten, new("stage half", 6, 0), "d/half", None, spent: 0);
        book = RunBudgets.Asked(book, Ten, new("stage tiny", 5, 1), "d/tiny", None, spent: 1);
        book.Held.ShouldBe("1.00 of 10.00 USD are spent, and stage tiny is estimated to cost 5.00 more, beside 5.00 for what is under way. "
            + "Going on takes a budget of 11.00.");
        RunBudgets.Asked(book, Ten, new("iteration 2", 0.1, 1), "d/other", None, spent: 1).Held.ShouldNotBeNull("the other waits still");
        RunBudgets.Asked(book, Ten, new("stage tiny", 5, 4), "d/tiny", new HashSet<string> { "d/half" }, spent: 4).Held.ShouldBeNull();
    }

    [Theory]
    [InlineData("USD", 0, false)]
    [InlineData("USD", 2, true)]
    [InlineData("EUR", 2, false)]
    [InlineData("hours", 0, true)]
    public async Task Check_CurrencyThatTheHostHasNoPriceIn_IsRefused(string currency, double price, bool allowed)
    {
        await using var host = new PipelineHost(new() { PricePerWorkerHour = price });
        var budgets = (RunBudgets)host.Services.GetService(typeof(RunBudgets))!;
        var recipe = TestRecipes.Load(Recipe($"\"amount\": 5, \"currency\": \"{currency}\""));
        if (allowed) budgets.Check(recipe);
        else Should.Throw<RecipeException>(() => budgets.Check(recipe)).Message.ShouldContain("budget.currency");
    }

    [Fact]
    public void Meter_SilenceOfTheHost_IsNotCounted()
    {
        var silence = TimeSpan.FromMinutes(2);
        var start = DateTimeOffset.UnixEpoch;
        var meter = new WorkerMeter().Seen(start, 2, silence).Seen(start.AddSeconds(15), 2, silence);
        meter.Seconds.ShouldBe(30);
        meter = meter.Seen(start.AddHours(3), 2, silence); // killed meanwhile
        meter.Seconds.ShouldBe(30);
        meter = meter.Seen(start.AddHours(3).AddSeconds(10), 0, silence);
        (meter.Seconds, meter.Until).ShouldBe((50, null));
        meter.Seen(start.AddHours(4), 1, silence).Seconds.ShouldBe(50, "paused");
    }

    [Fact]
    public async Task MeteredPool_OfAPoolWithoutBooks_KeepsThem()
    {
        await using var host = new PipelineHost();
        var clock = new TestClock();
        var pool = new MeteredPool(host.Pool, host.Blobs, 3.6, clock);
        await pool.EnsureAsync("x", new());
        clock.Now += TimeSpan.FromSeconds(100);
        (await pool.GetAsync("x")).Usage.ShouldBe(new WorkerUsage(0, 100, 0.1, 0, 0, OwnMachine: true));
        await pool.ReleaseAsync("x");
        clock.Now += TimeSpan.FromSeconds(100);
        (await pool.GetAsync("x")).Usage!.DedicatedSeconds.ShouldBe(100);
    }

    private static Func<string, WorkerUsage?> Hours(PipelineHost host) => _ => new(0, host.Pool.Ran.Count * 3600.0, 0, 0, 0);

    private static string Recipe(string budget) => TestRecipes.Json(rl: "\"loss\": { \"klWeight\": 0 },")
        .Replace("\"tasks\":", $"\"budget\": {{ {budget} }}, \"tasks\":", StringComparison.Ordinal);

    private sealed class TestClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
