using R1Cloud.Pipeline.Options;
using R1Cloud.Pipeline.Tests.Support;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes.Reading;

namespace R1Cloud.Pipeline.Tests.Options;

public sealed class HostServicesTests
{
    private const string Good = """
        {
          "notify": { "ops": { "url": "https://hooks.example.com/a", "tokenVariable": "OPS_TOKEN", "kinds": ["failed", "no-progress"] } },
          "tracking": { "lab": { "kind": "mlflow", "url": "https://mlflow.example.com/base", "user": "u", "passwordVariable": "P" },
                        "local": { "kind": "trackio", "folder": "/tmp/trackio" } }
        }
        """;

    [Fact]
    public void Parse_GoodConfiguration_HasItsServicesByName()
    {
        var services = HostServices.Parse(Good, "services.json");
        var ops = services.Notify["ops"];
        (ops.Url, ops.TokenVariable, ops.Private, ops.NoProgressMinutes).ShouldBe(("https://hooks.example.com/a", "OPS_TOKEN", false, 60));
        (ops.Wants(AlertKind.Failed), ops.Wants(AlertKind.Finished)).ShouldBe((true, false));
        services.Tracking["lab"].Kind.ShouldBe(TrackerKind.Mlflow);
        services.Tracking["local"].Folder.ShouldBe("/tmp/trackio");
        ops.ToString().ShouldNotContain("hooks", Case.Insensitive, "addresses of webhooks are often secrets");
    }

    [Theory]
    [InlineData("""{ "notify": { "ops": { "url": "ftp://x" } } }""", "notify.ops.url", "ftp://x")]
    [InlineData("""{ "notify": { "ops": { "url": "https://user:secret@x" } } }""", "notify.ops.url", "without a user's name")]
    [InlineData("""{ "notify": { "ops": { } } }""", "url", "")]
    [InlineData("""{ "notify": { "ops": { "url": "https://x", "token": "abc" } } }""", "token", "")]
    [InlineData("""{ "notify": { "ops": { "url": "https://x", "tokenVariable": "A-B" } } }""", "notify.ops.tokenVariable", "A-B")]
    [InlineData("""{ "notify": { "ops": { "url": "https://x", "noProgressMinutes": 0 } } }""", "noProgressMinutes", "1 to 10080")]
    [InlineData("""{ "notify": { "ops": { "url": "https://x", "kinds": ["tired"] } } }""", "kinds", "")]
    [InlineData("""{ "tracking": { "m": { "kind": "mlflow" } } }""", "tracking.m.url", "nothing")]
    [InlineData("""{ "tracking": { "m": { "kind": "mlflow", "url": "https://x", "folder": "/x" } } }""", "tracking.m.folder", "/x")]
    [InlineData("""{ "tracking": { "m": { "kind": "mlflow", "url": "https://x", "user": "u" } } }""", "tracking.m.user", "both or neither")]
    [InlineData("""{ "tracking": { "t": { "kind": "trackio", "url": "https://x" } } }""", "tracking.t.url", "folder's")]
    [InlineData("[]", "", "")]
    [InlineData("{", "", "")]
    public void Parse_WhatIsNotAllowed_IsNamedWithFileAndField(string json, string field, string word)
    {
        var error = Should.Throw<BadInputException>(() => HostServices.Parse(json, "services.json"));
        error.Message.ShouldStartWith("services.json: ");
        error.Message.ShouldContain(field);
        error.Message.ShouldContain(word);
    }

    [Fact]
    public void Check_RecipeThatNamesWhatIsNotThere_IsRefusedWithTheNamesThatAre()
    {
        var recipe = TestRecipes.Load(TestRecipes.Json().Insert(1, """ "notify": ["ops", "boss"], "tracking": ["wandb"], """));
        var problems = Should.Throw<RecipeException>(() => HostServices.Parse(Good, "services.json").Check(recipe)).Problems;
        problems.Select(problem => (problem.Path, problem.Value, problem.Allowed))
            .ShouldBe([("notify[1]", "\"boss\"", "ops"), ("tracking[0]", "\"wandb\"", "lab, local")]);
        Should.Throw<RecipeException>(() => new HostServices().Check(recipe)).Problems[0].Allowed.ShouldContain("names no notify");
    }

    [Fact]
    public void Recipe_ServiceThatIsNoName_IsRefused() =>
        Should.Throw<RecipeException>(() => TestRecipes.Load(TestRecipes.Json().Insert(1, """ "notify": ["https://evil.example"], """)))
            .Problems.ShouldHaveSingleItem().Path.ShouldBe("notify[0]");
}
