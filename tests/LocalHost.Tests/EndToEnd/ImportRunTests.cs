namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>A published model, carried through a run of the real thing.</summary>
public sealed class ImportRunTests : IDisposable
{
    private const string Recipe = """
        {
          "name": "imported", "seed": 5,
          "tasks": { "addition": { "kind": "arithmetic", "digits": 1, "heldOutPercent": 20 } },
          "stages": {
            "base": { "kind": "import", "path": "models/tiny" },
            "collect": {
              "kind": "collect", "from": "base", "task": "addition", "questions": 16, "samples": 2, "prompt": { "template": "chat" }, "sampling": { "maxNewTokens": 12 },
              "rewards": { "accuracy/exact": 1 }, "minimums": { "accuracy/exact": 0 }, "filters": { "truncated": false, "maxRepetition": 1 }
            },
            "distill": {
              "kind": "distill", "data": ["collect"], "prompt": { "template": "chat" }, "epochs": 1, "batchSize": 8,
              "students": { "one": { "from": "base", "learningRate": 1e-3 } }
            },
            "rl": {
              "kind": "rl", "from": "distill/one", "task": "addition", "iterations": 2, "questions": 4, "groupSize": 4, "miniBatches": 2, "prompt": { "template": "chat" },
              "sampling": { "maxNewTokens": 12 }, "rewards": { "repetition/ngram": 1, "format/think-answer": 0.5 }, "optimizer": { "learningRate": 1e-3 }
            }
          },
          "evaluation": { "task": "addition", "problems": 8, "samples": 2, "prompt": { "template": "chat" }, "sampling": { "temperature": 0.6, "maxNewTokens": 12 } },
          "workers": { "count": 1, "threads": 1, "device": "cpu" }
        }
        """;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Up_ImportedModel_IsTrainedAndKeepsWhatCameWithIt()
    {
        TinyModel.Write(folder["models/tiny"]);
        // a proxy is not for this machine
        var run = new MiniRun(folder, "data") { Json = Recipe,
            Variables = new() { ["http_proxy"] = "http://127.0.0.1:9", ["no_proxy"] = "" } };
        run.Start();
        (await run.EndAsync()).ShouldBe(0, run.Output);

        var model = Path.Combine(run.Data, "runs", run.RunId, "model");
        foreach (var file in new[] { "tokenizer.json", "tokenizer_config.json", "generation_config.json" })
            File.ReadAllBytes(Path.Combine(model, file)).ShouldBe(File.ReadAllBytes(Path.Combine(folder["models/tiny"], file)), file);
        File.ReadAllBytes(Path.Combine(model, "model.safetensors")).ShouldNotBe(File.ReadAllBytes(folder["models/tiny/model.safetensors"]));
        var report =
            await File.ReadAllTextAsync(Path.Combine(run.Data, "runs", run.RunId, "report.md"), TestContext.Current.CancellationToken);
        foreach (var stage in new[] { "base", "distill/one", "rl" }) report.ShouldContain($"| {stage} |");
    }
}
