using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>Inputs that others made are looked at before anything is computed; and the date that their chat templates are told.</summary>
public class InputCheckTests
{
    private const string Check = "check/000000/check/0";

    private static string Recipe(string more = "") => $$"""
        {
          "name": "imported", {{more}} "tasks": { "addition": { "kind": "arithmetic" } },
          "stages": {
            "base": { "kind": "import", "path": "blob:models/tiny" },
            "r1-zero": { "kind": "rl", "from": "base", "task": "addition", "iterations": 1, "questions": 4, "groupSize": 2, "miniBatches": 1, "prompt": { "template": "chat" }, "rewards": { "accuracy/exact": 1 } }
          }
        }
        """;

    [Fact]
    public async Task Run_WithInputsOfOthers_ChecksThemBeforeAllOtherJobs()
    {
        await using var host = await HostAsync();
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe()), "run", null);
        (await EndAsync(host, "run")).Error.ShouldBeNull();

        host.Pool.Ran.ShouldBe([Check, "base/000000/import/0", "r1-zero/000000/rollout/0", "r1-zero/000000/update/0"]);
        ((CheckJob)await PayloadAsync(host, "run", Check)).Recipe.Stages.Keys.ShouldBe(["base", "r1-zero"]);
    }

    [Fact]
    public async Task Run_WhoseInputsAreBad_FailsBeforeAnyOtherJobAndIsCheckedAnewByARetry()
    {
        await using var host = await HostAsync();
        host.Pool.OnJob = spec => spec.Payload is CheckJob ? throw new BadInputException("rows.jsonl(7) is too long") : Task.CompletedTask;
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe()), "run", null);
        (await EndAsync(host, "run")).Error!.ShouldContain("rows.jsonl(7) is too long");
        host.Pool.Ran.ShouldBe([Check]);

        host.Pool.OnJob = _ => Task.CompletedTask;
        await host.Runs.RetryAsync("run");
        (await EndAsync(host, "run")).Error.ShouldBeNull();
        host.Pool.Ran.Take(3).ShouldBe([Check, Check, "base/000000/import/0"]);
    }

    [Fact]
    public async Task Run_OfTasksThatAreGenerated_HasNothingToCheck()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(TestRecipes.Json(iterations: 1)), "run", null);
        (await EndAsync(host, "run")).Error.ShouldBeNull();
        host.Pool.Ran.ShouldNotContain(Check);
    }

    /// <summary>A history keeps to the path that it began on.</summary>
    [Fact]
    public async Task Run_BegunBeforeThereWasACheck_HasNone()
    {
        await using var host = await HostAsync();
        var recipe = TestRecipes.Load(Recipe());
        var spec = new RunSpec("run", "imported",
            System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(recipe.ResolvedJson), recipe.Hash,
            DateTimeOffset.UtcNow);
        await ((IRunStore)host.Services.GetService(typeof(IRunStore))!).GetOrCreateAsync(spec);
        await host.Engine.ScheduleNewAsync(OrchestrationNames.Run, new RunInput("run"), "run");
        (await EndAsync(host, "run")).Error.ShouldBeNull();
        host.Pool.Ran.ShouldNotContain(Check);
        (await PayloadAsync(host, "run", "r1-zero/000000/rollout/0")).TemplateDate.ShouldBeNull();
    }

    [Fact]
    public async Task Create_WithoutATemplateDate_WritesTheDayDownAndTellsItToJobs()
    {
        await using var host = await HostAsync();
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe()), "run", null);
        (await EndAsync(host, "run")).Error.ShouldBeNull();
        var spec = await host.Blobs.ReadJsonAsync<RunSpec>(BlobLayout.RunSpec("run"));
        var day = DateOnly.FromDateTime(spec.CreatedAt.UtcDateTime);
        spec.TemplateDate.ShouldBe(day.ToString("yyyy-MM-dd"));
        (await PayloadAsync(host, "run", "r1-zero/000000/rollout/0")).TemplateDate.ShouldBe(day);
    }

    [Theory]
    [InlineData("{{ strftime_now('%d %b %Y') }}", false)]
    [InlineData("{{ messages }}", true)]
    public async Task Reuse_OnAnotherDay_IsOfStagesWhoseTemplateAsksForNone(string template, bool reused)
    {
        await using var host = await HostAsync(template);
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe("\"templateDate\": \"2026-03-01\",")), "first", null);
        (await EndAsync(host, "first")).Error.ShouldBeNull();
        (await PayloadAsync(host, "first", "r1-zero/000000/rollout/0")).TemplateDate.ShouldBe(new(2026, 3, 1));

        var plan = await host.Runs.PlanReuseAsync(TestRecipes.Load(Recipe("\"templateDate\": \"2026-03-02\",")), reuse: true);
        plan.Stages.Select(stage => stage.Reason is null).ShouldBe([true, reused]);
        if (!reused) plan.Stages[1].Reason.ShouldBe("changed: templateDate");
        (await host.Runs.PlanReuseAsync(TestRecipes.Load(Recipe("\"templateDate\": \"2026-03-01\",")), reuse: true))
            .Stages.ShouldAllBe(stage => stage.Reason == null);
    }

    private static async Task<PipelineHost> HostAsync(string template = "{{ messages }}")
    {
        var host = new PipelineHost();
        await host.Blobs.WriteAsync("models/tiny/config.json", new BinaryData("{}"));
        await host.Blobs.WriteAsync("models/tiny/chat_template.jinja", new BinaryData(template));
        return host;
    }

    private static Task<RunView> EndAsync(PipelineHost host, string id) =>
        host.WaitAsync(id, run => run.Status is RunStatus.Completed or RunStatus.Failed);

    private static async Task<JobPayload> PayloadAsync(PipelineHost host, string run, string job) =>
        (await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec(run, job))).Payload;
}
