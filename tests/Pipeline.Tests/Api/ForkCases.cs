using R1Cloud.Pipeline.Model;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>Cases of forks and of the runs that are related by them.</summary>
internal static class ForkCases
{
    public static IReadOnlyList<ApiCase> All { get; } =
    [
        new("fork: after a stage", "POST", "/api/runs/done/fork", 202)
        {
            Body = """{ "at": "base", "name": "forked", "set": { "stages.r1-zero.optimizer.learningRate": 2e-4 } }""",
            Check = (response, body) =>
            {
                response.Headers.Location!.ToString().ShouldBe("/api/runs/forked");
                var run = ApiCases.Read<RunView>(body);
                run.Fork.ShouldBe(new ForkOrigin("done", "base", 6));
                run.Stages[0].ReusedFrom.ShouldBe(new StageOrigin("done", "base", Measured: true));
            },
        },
        new("fork: no place", "POST", "/api/runs/done/fork", 400) { Body = "{}", Contains = ["STAGE:ITERATION"] },
        new("fork: no object", "POST", "/api/runs/done/fork", 400) { Body = "[1]", Contains = ["is not of the form"] },
        new("fork: unknown stage", "POST", "/api/runs/done/fork", 400) { Body = """{ "at": "sft:3" }""", Contains = ["base, r1-zero"] },
        new("fork: no such iteration", "POST", "/api/runs/done/fork", 400) { Body = """{ "at": "r1-zero:9" }""", Contains = ["r1-zero:5"] },
        new("fork: a bad name", "POST", "/api/runs/done/fork", 400)
        {
            Body = """{ "at": "base", "name": "A/B" }""", Contains = ["lower-case letters"],
        },
        new("fork: a setting that there is not", "POST", "/api/runs/done/fork", 422)
        {
            Body = """{ "at": "base", "set": { "stages.r1-zero.iteration": 3 } }""", Contains = ["iteration"],
        },
        new("fork: a path that leads nowhere", "POST", "/api/runs/done/fork", 422)
        {
            Body = """{ "at": "base", "set": { "stages.sft.epochs": 3 } }""", Contains = ["stages.sft.epochs", "is not there"],
        },
        new("fork: a setting of an earlier stage", "POST", "/api/runs/done/fork", 400)
        {
            Body = """{ "at": "r1-zero", "set": { "stages.base.steps": 7 } }""", Contains = ["stages.base.steps", "is before r1-zero"],
        },
        new("fork: unknown run", "POST", "/api/runs/nobody/fork", 404) { Body = """{ "at": "base" }""" },
        new("relatives: of a run without forks", "GET", "/api/runs/stuck/relatives", 200) { Contains = ["\"relatives\":[]"] },
        new("relatives: unknown run", "GET", "/api/runs/nobody/relatives", 404),
    ];
}
