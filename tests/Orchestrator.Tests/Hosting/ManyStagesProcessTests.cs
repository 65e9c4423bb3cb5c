using System.Net.Http.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Shared;

namespace R1Cloud.Orchestrator.Tests.Hosting;

/// <summary>
/// A run of very many stages through the app's process, on Durable Task's Azure Storage provider: its status must fit into the provider's
/// table.
/// </summary>
public sealed class ManyStagesProcessTests(AppFixture app) : IClassFixture<AppFixture>
{
    private const int Stages = 60, LongestName = 40;

    [Fact]
    public async Task Run_SixtyStagesWithTheLongestNames_CompletesAndShowsEveryFigure()
    {
        var names = Enumerable.Range(0, Stages).Select(number => $"stage-{number}-".PadRight(LongestName, 'x')).ToList();
        var last = names[^1];

        await app.CompleteAsync("wide", Recipe(names), TimeSpan.FromMinutes(30));

        var run = await app.Client.GetFromJsonAsync<RunView>("/api/runs/wide", R1Json.Options);
        run!.Stages.Select(stage => (stage.Name, stage.Status)).ShouldBe(names.Select(name => (name, StageStatus.Completed)));
        run.Stages.ShouldAllBe(stage =>
            stage.Metrics.Count > 0 && stage.Checkpoint != null && stage.StartedAt != null && stage.EndedAt != null
            && stage.Reason == "new");
        (await app.Client.GetFromJsonAsync<RunList>("/api/runs?state=completed", R1Json.Options))!.Runs.ShouldContain(one =>
            one.Id == "wide" && one.Stage == last);
    }

    private static string Recipe(List<string> names)
    {
        var evaluations = string.Join(", ", names.Skip(1).Select(name => $$"""
            "{{name}}": { "kind": "evaluate", "from": "{{names[0]}}", "evaluation": { "task": "addition", "problems": 2, "samples": 1, "rewards": { "accuracy/exact": 1 } } }
            """));
        return $$"""
            {
              "name": "wide", "tasks": { "addition": { "kind": "arithmetic" } },
              "stages": { "{{names[0]}}": { "kind": "pretrain", "task": "addition", "steps": 2, "optimizer": { "warmupSteps": 1 } }, {{evaluations}} }
            }
            """;
    }
}
