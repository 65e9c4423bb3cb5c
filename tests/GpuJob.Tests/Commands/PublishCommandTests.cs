using System.Text.Json;
using R1Cloud.GpuJob.Commands;
using R1Cloud.HubStandIn;
using R1Cloud.Shared.Jobs;
using R1Cloud.Shared.Recipes.Loading;
using R1Cloud.Testing;

namespace R1Cloud.GpuJob.Tests.Commands;

public sealed class PublishCommandTests : IAsyncLifetime
{
    private static readonly string Commit = new('c', 40);

    private static readonly string Recipe = $$"""
        {
          "name": "solver", "description": "Sums | by\nreward", "seed": 7,
          "tasks": {
            "sums": { "kind": "dataset", "files": ["hf:acme/sums@{{Commit}}/train.parquet"], "against": ["/home/ada/secret-place/math500.jsonl"] },
            "drawn": { "kind": "arithmetic" }
          },
          "stages": {
            "base": { "kind": "import", "path": "hf:acme/tiny@{{Commit}}" },
            "rl": {
              "kind": "rl", "from": "base", "task": "sums", "iterations": 2, "questions": 2, "groupSize": 2, "miniBatches": 1,
              "sampling": { "maxNewTokens": 12 }, "rewards": { "accuracy/exact": 1 }
            }
          }
        }
        """;

    private readonly TempFolder run = new();
    private StandInHub hub = null!;

    public async ValueTask InitializeAsync()
    {
        hub = await StandInHub.StartAsync();
        Directory.CreateDirectory(run["model"]);
        await File.WriteAllTextAsync(run["model/config.json"], "{}");
        await File.WriteAllBytesAsync(run["model/model.safetensors"], new byte[5000]);
        await File.WriteAllTextAsync(run["recipe.json"], RecipeLoader.Parse(Recipe, "solver").ResolvedJson);
        await File.WriteAllTextAsync(run["report.json"], JsonSerializer.Serialize(new
        {
            runId = "solver-1234", name = "solver", recipeHash = "abcd", seed = 7, overlap = 0,
            stages = new object[]
            {
                new { name = "base", kind = "import", steps = 1 },
                new
                {
                    name = "rl", kind = "rl", from = "base", steps = 2,
                    benchmarks = new[]
                    {
                        new
                        {
                            name = "sums",
                            after = new { greedyAccuracy = 0.5, passAt1 = 0.4321, passAt1Interval = 0.021, problems = 64, samples = 4,
                                meanLength = 11.5 },
                        },
                    },
                },
            },
        }));
    }

    public async ValueTask DisposeAsync()
    {
        await hub.DisposeAsync();
        run.Dispose();
    }

    [Fact]
    public async Task Publish_ARunsModel_HasACardOfRecipeDataAndFigures()
    {
        var (code, output) = await RunAsync("publish", run["model"], "acme/solver", "--license", "apache-2.0");
        code.ShouldBe(ExitCodes.Done, output);
        var there = hub.Repositories[("models", "acme/solver")];
        there.IsPrivate.ShouldBeTrue("nothing is public that nobody called so");
        var files = there.Commits[there.Refs["heads"]["main"]];
        output.ShouldContain($"hf:acme/solver@{there.Refs["heads"]["main"]}");
        files.Keys.ShouldBe([".gitattributes", "README.md", "config.json", "model.safetensors"]);
        var card = System.Text.Encoding.UTF8.GetString(files["README.md"].Content);
        card.ShouldStartWith("---\nlicense: apache-2.0\nbase_model:\n- acme/tiny\ndatasets:\n- acme/sums\nlibrary_name: transformers\n");
        card.ShouldContain("recipe `solver` (SHA-256 `abcd`), seed 7");
        card.ShouldContain("`solver-1234`. Sums | by reward");
        card.ShouldContain($"| base | import | `hf:acme/tiny@{Commit}` | 1 |");
        card.ShouldContain("| rl | sums | 64 | 50.0 % | 43.2 % ± 2.1 % | 4 | 11.5 |");
        card.ShouldContain("No problem of the benchmarks occurs in the training data.");
        card.ShouldContain($"- `sums`, learned from: `hf:acme/sums@{Commit}/train.parquet`");
        card.ShouldContain("\"iterations\": 2");
        card.ShouldContain("math500.jsonl");
        card.ShouldNotContain("secret-place", customMessage: "the machine's folders are nobody's business");
    }

    [Fact]
    public async Task Publish_Again_MakesNoSecondCommit()
    {
        await RunAsync("publish", run["model"], "acme/solver");
        var (code, _) = await RunAsync("publish", run["model"], "acme/solver");
        code.ShouldBe(ExitCodes.Done);
        hub.Repositories[("models", "acme/solver")].Commits.Count.ShouldBe(2, "the one of the making, and ours");
    }

    [Fact]
    public async Task Publish_WithACardOfItsOwn_LeavesItAsItIs()
    {
        await File.WriteAllTextAsync(run["model/README.md"], "# Mine\n", TestContext.Current.CancellationToken);
        await RunAsync("publish", run["model"], "acme/solver");
        var there = hub.Repositories[("models", "acme/solver")];
        there.Commits[there.Refs["heads"]["main"]]["README.md"].Size.ShouldBe(7);
    }

    [Theory]
    [InlineData("acme", "ORG/NAME")]
    [InlineData("acme/solver@main", "ORG/NAME")]
    public async Task Publish_ToNoRepository_IsBadInput(string name, string message)
    {
        var (code, output) = await RunAsync("publish", run["model"], name);
        (code, output.Contains(message, StringComparison.Ordinal)).ShouldBe((ExitCodes.BadInput, true), output);
    }

    [Fact]
    public async Task Publish_OfUnknownOrigin_AsksForIt()
    {
        File.Delete(run["report.json"]);
        var (code, output) = await RunAsync("publish", run["model"], "acme/solver");
        code.ShouldBe(ExitCodes.BadInput);
        output.ShouldContain("--run");
        hub.Take().ShouldBeEmpty();
    }

    private async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        var variables = new Dictionary<string, string?>
        {
            ["HF_ENDPOINT"] = hub.Url, ["HF_HOME"] = run["hf"], ["HF_TOKEN"] = "hf_standin_write",
        };
        var code = await TrainerCommandLine.RunAsync(arguments,
            new CommandStreams(TextReader.Null, output, output) { Variable = variables.GetValueOrDefault });
        return (code, output.ToString());
    }
}
