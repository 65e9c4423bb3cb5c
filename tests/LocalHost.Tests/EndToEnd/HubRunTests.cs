using System.Diagnostics;
using System.Text;
using System.Text.Json;
using R1Cloud.HubStandIn;
using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>A model and a data set by their names on the Hub, carried through a run of the real thing.</summary>
public sealed class HubRunTests : IDisposable
{
    private const string Recipe = """
        {
          "name": "hubbed", "seed": 5,
          "tasks": { "sums": { "kind": "dataset", "files": ["hf:acme/sums/default/train"], "heldOutFiles": ["hf:acme/sums/default/test"] } },
          "stages": {
            "base": { "kind": "import", "path": "hf:acme/tiny" },
            "rl": {
              "kind": "rl", "from": "base", "task": "sums", "iterations": 1, "questions": 4, "groupSize": 4, "miniBatches": 2, "prompt": { "template": "chat" },
              "sampling": { "maxNewTokens": 12 }, "rewards": { "repetition/ngram": 1, "accuracy/exact": 0.5 }, "optimizer": { "learningRate": 1e-3 }
            }
          },
          "evaluation": { "task": "sums", "problems": 4, "samples": 2, "prompt": { "template": "chat" }, "sampling": { "temperature": 0.6, "maxNewTokens": 12 } },
          "workers": { "count": 1, "threads": 1, "device": "cpu" }
        }
        """;

    private readonly TestFolder folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_NamesOnTheHub_AreOfOneCommitFromBeginningToEnd()
    {
        await using var hub = await HubAsync();
        var commit = hub.Repositories[("models", "acme/tiny")].Refs["heads"]["main"];
        var run = new MiniRun(folder, "data") { Json = Recipe, Variables = Variables(hub) };
        run.Start();
        (await run.EndAsync()).ShouldBe(0, run.Output);

        var exchanges = hub.Take();
        exchanges.Where(exchange => exchange.Side == "CDN").ShouldAllBe(exchange => exchange.Header("authorization") == null);
        exchanges.Count(exchange => exchange.Path.Contains("model.safetensors", StringComparison.Ordinal)
            && exchange.Path.Contains("/resolve/", StringComparison.Ordinal)).ShouldBe(1, "the weights are fetched once");
        exchanges.Where(exchange => exchange.Path.Contains("/resolve/", StringComparison.Ordinal)
            && exchange.Path.Contains("acme/tiny", StringComparison.Ordinal)).ShouldAllBe(exchange =>
                exchange.Path.Contains(commit, StringComparison.Ordinal));
        var model = Path.Combine(run.Data, "runs", run.RunId, "model");
        File.ReadAllBytes(Path.Combine(model, "tokenizer.json")).ShouldBe(File.ReadAllBytes(folder["models/tiny/tokenizer.json"]));

        // And back: what the run wrote is what a card is made from.
        (await PublishAsync(hub, model)).ShouldBe(0);
        var there = hub.Repositories[("models", "acme/trained")];
        var card = Encoding.UTF8.GetString(there.Commits[there.Refs["heads"]["main"]]["README.md"].Content);
        card.ShouldContain($"`hf:acme/tiny@{commit}`");
        card.ShouldContain(run.RunId);
        card.ShouldMatch(@"\| rl \| \S+ \| 4 \| \d+\.\d % \| \d+\.\d %");
    }

    [Fact]
    public async Task Up_WorkerKilledWhileItFetches_GoesOnWhereItWas()
    {
        await using var hub = await HubAsync();
        var reached = new TaskCompletionSource();
        hub.Plan(new("/file/", "stall")
        {
            Side = "CDN", After = 50_000, Until = new TaskCompletionSource().Task, Taken = () => reached.TrySetResult(),
        });
        var run = new MiniRun(folder, "data") { Json = Recipe, Variables = Variables(hub, ("HF_HUB_DOWNLOAD_TIMEOUT", "3600")) };
        run.Start();
        await Task.WhenAny(reached.Task, Task.Delay(TimeSpan.FromMinutes(10), Stop));
        reached.Task.IsCompleted.ShouldBeTrue(run.Output);
        await Eventually.BeTrueAsync(() => Partial()?.Length == 50_000, "the bytes that were sent are on the disk");
        await run.KillWorkerAsync();
        (await run.EndAsync()).ShouldBe(0, run.Output);
        hub.Take().Where(exchange => exchange.Side == "CDN").Select(exchange => exchange.Header("range")).ShouldBe([null, "bytes=50000-"]);

        FileInfo? Partial() => Directory.Exists(folder["hf"])
            ? new DirectoryInfo(folder["hf"]).GetFiles("*.incomplete", SearchOption.AllDirectories).FirstOrDefault() : null;
    }

    [Fact]
    public async Task Check_NamesOnTheHub_AreReadToTheLastRow()
    {
        await using var hub = await HubAsync("""{"question":"9+9="}""");
        var outcome = await R1.RunWithAsync(folder, Variables(hub), "check", folder.Write("recipe.json", Recipe));
        outcome.ExitCode.ShouldBe(ExitCode.BadInput, outcome.All);
        outcome.Error.ShouldContain("tasks.sums.files");
        outcome.Error.ShouldContain("/train.jsonl(21): answer: is missing");
        outcome = await R1.RunWithAsync(folder, Variables(hub), "check",
            folder.Write("absent.json", Recipe.Replace("acme/tiny", "acme/absent", StringComparison.Ordinal)));
        outcome.Error.ShouldContain("stages.base.path");
        outcome.Error.ShouldContain("there is no such repository");
    }

    [Fact]
    public async Task Plan_NamesOnTheHub_KnowsModelAndRows()
    {
        await using var hub = await HubAsync();
        var outcome = await R1.RunWithAsync(folder, Variables(hub), "plan", folder.Write("recipe.json", Recipe), "--json");
        outcome.ExitCode.ShouldBe(ExitCode.Ok, outcome.All);
        JsonDocument.Parse(outcome.Output).RootElement.GetProperty("noEstimate").GetArrayLength().ShouldBe(0);
        hub.Take().ShouldNotContain(exchange => exchange.Path.Contains("model.safetensors", StringComparison.Ordinal));
    }

    private async Task<int> PublishAsync(StandInHub hub, string model)
    {
        var start = new ProcessStartInfo("dotnet", [Testing.Repository.Built("GpuJob", "gpujob.dll"), "publish", model, "acme/trained"]);
        foreach (var (name, value) in Variables(hub, ("HF_TOKEN", "hf_standin_write"))) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(Stop);
        return process.ExitCode;
    }

    private Dictionary<string, string?> Variables(StandInHub hub, params (string Name, string Value)[] more)
    {
        var variables = new Dictionary<string, string?>
        {
            ["HF_ENDPOINT"] = hub.Url, ["HF_HOME"] = folder["hf"], ["HF_TOKEN"] = "hf_standin_member", ["no_proxy"] = "127.0.0.1",
        };
        foreach (var (name, value) in more) variables[name] = value;
        return variables;
    }

    private async Task<StandInHub> HubAsync(string? more = null)
    {
        TinyModel.Write(folder["models/tiny"]);
        var hub = await StandInHub.StartAsync();
        hub.Add("models", "acme/tiny", Directory.GetFiles(folder["models/tiny"]).ToDictionary(file => Path.GetFileName(file),
            File.ReadAllBytes),
            gated: "manual");
        hub.Add("datasets", "acme/sums", new Dictionary<string, byte[]>
        {
            ["train.jsonl"] = Rows(1, more), ["test.jsonl"] = Rows(2, null),
        });
        return hub;

        static byte[] Rows(int second, string? more) => Encoding.UTF8.GetBytes(string.Join('\n',
            Enumerable.Range(0, 20).Select(i => $$"""{"question":"{{i}}+{{second}}=","answer":"{{i + second}}"}""").Append(more).OfType<string>()));
    }
}
