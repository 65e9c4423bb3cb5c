using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using R1Cloud.Orchestrator.Hosting;
using R1Cloud.Pipeline.Api;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Api;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Jobs;

namespace R1Cloud.Orchestrator.Tests.Functions;

/// <summary>The whole pipeline on Durable Task, reached through the functions.</summary>
public sealed class HttpFunctionsTests(OrchestratorFixture fixture) : IClassFixture<OrchestratorFixture>
{
    public static TheoryData<string> Names => [.. ApiCases.All.Select(item => item.Name)];

    [Theory, MemberData(nameof(Names))]
    public Task Request_OfTheSharedTable_IsAnsweredAsEverywhere(string name) =>
        ApiCases.All.Single(item => item.Name == name).RunAsync(fixture.Server.Client);

    [Fact]
    public async Task OpenApi_Document_DescribesEveryRoute()
    {
        var document = await fixture.Server.Client.GetFromJsonAsync<JsonElement>(ApiRoutes.OpenApi);
        document.GetProperty("paths").EnumerateObject().Count(path => path.Name.StartsWith("/api", StringComparison.Ordinal)).ShouldBe(27);
    }

    [Fact]
    public async Task Create_RecipeWithAFileOfSomeMachine_SaysHowToBringItToTheWorkers()
    {
        var recipe = TestRecipes.Json("local")
            .Replace("\"addition\": { \"kind\": \"arithmetic\" }",
                "\"addition\": { \"kind\": \"arithmetic\" }, \"data\": { \"kind\": \"dataset\", \"files\": [\"/data/train.jsonl\"] }",
                StringComparison.Ordinal);
        using var body = new StringContent(recipe, Encoding.UTF8, "application/json");

        var answer = await fixture.Server.Client.PostAsync("/api/runs", body);

        ((int)answer.StatusCode).ShouldBe(422);
        var problem = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("problems")[0];
        problem.GetProperty("path").GetString().ShouldBe("tasks.data.files[0]");
        problem.GetProperty("allowed").GetString()!.ShouldContain("r1 push");
        OrchestratorServices.Options(new ConfigurationBuilder().Build()).LocalFiles.ShouldBeFalse();
    }

    [Fact]
    public async Task Answers_NeverHoldDurableTasksManagementUrls()
    {
        foreach (var path in new[] { "/api/runs", "/api/runs/done", "/api/runs/stuck", "/api/runs/broken" })
            (await fixture.Server.Client.GetStringAsync(path)).ShouldNotContain("webhooks", Case.Insensitive);
    }

    [Fact]
    public async Task Run_PausedResumedCancelledAndRetried_Completes()
    {
        var client = fixture.Server.Client;
        var (pool, before) = (fixture.Server.Pool, fixture.Server.Pool.OnJob);
        // Its jobs go on only when its workers are asked to go: the run is where it was left.
        var held = new TaskCompletionSource();
        pool.OnJob = job => job.RunId == "steered" && job.Payload is not CheckJob ? (held = new()).Task : before(job);
        pool.Releasing = id => _ = id == "steered" && held.TrySetResult();
        using var body = new StringContent(TestRecipes.Json("steered", iterations: 3, seed: 9), Encoding.UTF8, "application/json");
        (await client.PostAsync("/api/runs?id=steered", body)).EnsureSuccessStatusCode();
        await UntilAsync("steered", run => run.Status == RunStatus.Running && run.Stages[0].Status == StageStatus.Running);

        await PostAsync("/api/runs/steered/pause");
        await UntilAsync("steered", run => run.Status == RunStatus.Paused);
        await PostAsync("/api/runs/steered/pause");
        await PostAsync("/api/runs/steered/resume");
        await UntilAsync("steered", run => run.Status == RunStatus.Running);
        await PostAsync("/api/runs/steered/cancel");
        await UntilAsync("steered", run => run.Status == RunStatus.Cancelled);
        pool.OnJob = before;
        await PostAsync("/api/runs/steered/retry");
        var run = await UntilAsync("steered", run => run.Status == RunStatus.Completed);
        run.Stages.ShouldAllBe(stage => stage.Status == StageStatus.Completed);

        async Task PostAsync(string path)
        {
            using var empty = new StringContent("", System.Text.Encoding.UTF8, "application/json");
            (await client.PostAsync(path, empty)).IsSuccessStatusCode.ShouldBeTrue(path);
        }

        async Task<RunView> UntilAsync(string id, Func<RunView, bool> condition)
        {
            for (var i = 0; i < 90_000; i++)
            {
                var run = await client.GetFromJsonAsync<RunView>($"/api/runs/{id}", R1Json.Options);
                if (condition(run!)) return run!;
                await Task.Delay(20);
            }
            throw new TimeoutException(await client.GetStringAsync($"/api/runs/{id}"));
        }
    }
}
