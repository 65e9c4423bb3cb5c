using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Storage;

namespace R1Cloud.Pipeline.Tests.Stages;

/// <summary>Published models as the start.</summary>
public class ImportTests
{
    private static string Recipe(string path) => $$"""
        {
          "name": "imported", "tasks": { "addition": { "kind": "arithmetic" } }, "evaluation": { "task": "addition", "problems": 8, "samples": 2 },
          "stages": {
            "base": { "kind": "import", "path": "{{path}}" },
            "r1-zero": { "kind": "rl", "from": "base", "task": "addition", "iterations": 1, "questions": 4, "groupSize": 2, "miniBatches": 1, "rewards": { "accuracy/exact": 1 } }
          }
        }
        """;

    [Fact]
    public async Task Run_Import_IsMeasuredAndTrainedFurther()
    {
        await using var host = new PipelineHost();
        await host.Blobs.WriteAsync("models/tiny/config.json", new BinaryData("{}"));
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe("blob:models/tiny/")), "run", null);

        var run = await host.WaitAsync("run", run => run.Status is RunStatus.Completed or RunStatus.Failed);

        run.Error.ShouldBeNull();
        (run.Stages[0].Kind, run.Stages[0].Checkpoint, run.Stages[0].Metrics["parameters"])
            .ShouldBe(("import", "runs/run/checkpoints/base/step-000001/", 1000));
        host.Pool.Ran.ShouldBe(
            ["check/000000/check/0", "base/000000/import/0", "base/000001/final-evaluate/0", "r1-zero/000000/rollout/0",
                "r1-zero/000000/update/0", "r1-zero/000001/final-evaluate/0"]);
        ((RolloutJob)(await host.Blobs.ReadJsonAsync<JobSpec>(BlobLayout.JobSpec("run", "r1-zero/000000/rollout/0"))).Payload)
            .Policy.ShouldBe("runs/run/checkpoints/base/step-000001/");
    }

    [Fact]
    public async Task Run_InputsNotInStorage_FailsBeforeAnythingIsComputedAndGoesOnOnceTheyAre()
    {
        await using var host = new PipelineHost();
        await host.Runs.CreateAsync(TestRecipes.Load(Recipe("blob:models/tiny")), "early", null);

        var run = await host.WaitAsync("early", RunStatus.Failed);
        run.Error!.ShouldContain("1 of the recipe's inputs are not in storage (container r1-cloud): blob:models/tiny");
        host.Pool.Ran.ShouldBeEmpty();

        await host.Blobs.WriteAsync("models/tiny/config.json", new BinaryData("{}"));
        await host.Runs.RetryAsync("early");
        (await host.WaitAsync("early", run => run.Status is RunStatus.Completed or RunStatus.Failed)).Error.ShouldBeNull();
    }
}
