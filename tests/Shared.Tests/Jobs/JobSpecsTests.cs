using System.Text.Json;
using R1Cloud.Datasets;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Shared.Tests.Recipes;

namespace R1Cloud.Shared.Tests.Jobs;

/// <summary>What workers refuse, and that they refuse nothing which this version orders.</summary>
public class JobSpecsTests
{
    public static TheoryData<string> Recipes =>
        ["quickstart.json", "r1-mini.json", "r1-mini-moe.json", "r1-mini-on-policy.json", "r1-paper.json", "good"];

    [Theory, MemberData(nameof(Recipes))]
    public void Read_WhatTheRecipesOrder_IsReadWhole(string name)
    {
        var loaded = name == "good"
            ? RecipeLoader.Parse(RecipeSamples.Good, name)
            : RecipeLoader.LoadFile(R1Cloud.Testing.Repository.PathOf("recipes", name), DatasetReader.Instance);
        var recipe = loaded.Recipe.Expand();
        var rewards = recipe.AllRewards();
        var task = recipe.Tasks.Values.First();
        var payloads = recipe.Stages.Values
            .Select(stage =>
                (JobPayload)new SampleJob { Settings = stage, Task = task, Checkpoint = "c/", FirstQuestion = 0, QuestionCount = 1,
                    Output = "o" })
            .Concat(recipe.Tasks.Values.Select(other =>
                new EvaluateJob { Settings = new(), Task = other, Rewards = rewards, Checkpoint = "c/" }))
            .Concat((recipe.Evaluation?.All() ?? [])
                .Select(benchmark => new EvaluateJob { Settings = benchmark.Value, Task = task, Checkpoint = "c/" }));
        foreach (var payload in payloads)
        {
            var spec = new JobSpec { RunId = "r", JobId = "j", Payload = payload, Retry = recipe.Jobs, Notify = new("i", "e") };
            var json = JsonSerializer.Serialize(spec, R1Json.Options);
            JsonSerializer.Serialize(JobSpecs.Read("j", new BinaryData(json)), R1Json.Options).ShouldBe(json);
        }
    }

    [Theory]
    [InlineData("""{"version":3}""", "in form 3")]
    [InlineData("""{"runId":"r","jobId":"j","payload":{"kind":"noop","later":1}}""", "later")]
    [InlineData("""{"runId":"r","jobId":"j","payload":{"kind":"later"}}""", "later")]
    [InlineData("""{"runId":"r","jobId":"j","payload":{}}""", "no 'kind'")]
    [InlineData("""{"runId":"r","payload":{"kind":"noop"}}""", "jobId")]
    public void Read_WhatItDoesNotKnow_IsRefusedNamingBothVersions(string json, string reason)
    {
        var refusal = Should.Throw<UnreadableJobException>(() => JobSpecs.Read("j", new BinaryData(json)));
        refusal.IsHopeless.ShouldBeFalse();
        refusal.Message.ShouldContain(reason);
        refusal.Message.ShouldContain("in form ");
        refusal.Message.ShouldContain("knows form 1");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("null")]
    [InlineData("{\"version\":")]
    public void Read_WhatIsNoJsonObject_IsHopeless(string text) =>
        Should.Throw<UnreadableJobException>(() => JobSpecs.Read("j", new BinaryData(text))).IsHopeless.ShouldBeTrue();
}
