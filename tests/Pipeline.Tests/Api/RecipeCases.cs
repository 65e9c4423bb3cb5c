using System.Text.Json;
using R1Cloud.Pipeline.Model;
using R1Cloud.Pipeline.Tests.Support;

namespace R1Cloud.Pipeline.Tests.Api;

/// <summary>Cases of recipes before they are run, and of those of runs.</summary>
internal static class RecipeCases
{
    private static readonly string Recipe = TestRecipes.Json();

    public static IReadOnlyList<ApiCase> All { get; } =
    [
        new("schema", "GET", "/api/schema", 200)
        {
            Contains = ["\"$schema\"", "groupSize"],
            Check = (response, _) =>
            {
                response.Content.Headers.ContentType!.MediaType.ShouldBe("application/schema+json");
                response.Headers.ETag!.IsWeak.ShouldBeFalse();
            },
        },
        new("schema: known", "GET", "/api/schema", 304) { Headers = new Dictionary<string, string> { ["If-None-Match"] = "\"a\", *" } },
        new("schema: another one known", "GET", "/api/schema", 200)
        {
            Headers = new Dictionary<string, string> { ["If-None-Match"] = "\"a\"" },
        },

        new("check", "POST", "/api/check", 200)
        {
            Body = Recipe, Check = (_, body) =>
            {
                var check = ApiCases.Read<RecipeCheckView>(body);
                (check.Name, check.RunId, check.Exists).ShouldBe(("small", $"small-{check.Hash[..8]}", false));
                check.Stages.Select(stage => stage.Kind).ShouldBe(["pretrain", "rl"]);
                check.Stages[0].Needs.ShouldBeEmpty();
                check.Stages[0].Description.ShouldContain("6 steps");
                check.Stages[1].Needs.ShouldBe([new StageNeed("base", NeedRole.Model)]);
                check.Notes.ShouldBeEmpty();
            },
        },
        new("check: bad recipe", "POST", "/api/check", 422)
        {
            Body = TestRecipes.Json(iterations: -1),
            Check = (_, body) => JsonSerializer.Deserialize<JsonElement>(body).GetProperty("problems")[0].GetProperty("path").GetString()
                .ShouldBe("stages.r1-zero.iterations"),
        },
        new("check: empty body", "POST", "/api/check", 400) { Body = "" },
        new("check: no JSON", "POST", "/api/check", 415) { Body = Recipe, ContentType = "text/plain" },
        new("check: GET", "GET", "/api/check", 405),

        new("plan", "POST", "/api/plan?nodes=2&device=h100", 200)
        {
            Body = Recipe, Contains = ["\"device\":\"h100\"", "\"nodes\":2", "\"reusedFrom\":{\"runId\":\"done\""],
            Check = (_, body) => JsonSerializer.Deserialize<JsonElement>(body).GetProperty("wallSeconds").GetDouble().ShouldBe(0),
        },
        new("plan: without reuse", "POST", "/api/plan?reuse=false", 200)
        {
            Body = Recipe, Check = (_, body) =>
            {
                var plan = JsonSerializer.Deserialize<JsonElement>(body);
                plan.GetProperty("wallSeconds").GetDouble().ShouldBe(plan.GetProperty("plan").GetProperty("wallSeconds").GetDouble(), 1e-9);
                plan.GetProperty("cost").GetDouble().ShouldBe(plan.GetProperty("plan").GetProperty("cost").GetDouble(), 1e-9);
                plan.GetProperty("wallSeconds").GetDouble().ShouldBeGreaterThan(0);
            },
        },
        new("plan: unknown device", "POST", "/api/plan?device=abacus", 400) { Body = Recipe, Contains = ["\"field\":\"device\"", "h100"] },
        new("plan: too many nodes", "POST", "/api/plan?nodes=1001", 400) { Body = Recipe, Contains = ["from 1 to 1000"] },
        new("plan: no share", "POST", "/api/plan?lengthShare=0", 400) { Body = Recipe, Contains = ["above 0, at most 1"] },
        new("plan: share that is no number", "POST", "/api/plan?lengthShare=NaN", 400) { Body = Recipe },
        new("plan: bad recipe", "POST", "/api/plan", 422) { Body = "[]" },

        new("recipe", "GET", "/api/runs/done/recipe", 200)
        {
            Contains = ["\"name\":\"small\"", "\"groupSize\":2"],
            Check = (response, _) => response.Headers.ETag!.Tag.Length.ShouldBe(66),
        },
        new("recipe: known", "GET", "/api/runs/done/recipe", 304) { Headers = new Dictionary<string, string> { ["If-None-Match"] = "*" } },
        new("recipe: unknown run", "GET", "/api/runs/nobody/recipe", 404),
        new("differences", "GET", "/api/runs/done/recipe/differences?to=stuck", 200)
        {
            Contains = ["\"differences\":[{\"path\":\"name\",\"from\":\"small\",\"to\":\"stuck\"}]"],
        },
        new("differences: none", "GET", "/api/runs/done/recipe/differences?to=done", 200) { Contains = ["\"differences\":[]"] },
        new("differences: to nothing", "GET", "/api/runs/done/recipe/differences", 400) { Contains = ["\"field\":\"to\""] },
        new("differences: to an unknown run", "GET", "/api/runs/done/recipe/differences?to=nobody", 404) { Contains = ["nobody"] },
        new("differences: of an unknown run", "GET", "/api/runs/nobody/recipe/differences?to=done", 404),
    ];
}
