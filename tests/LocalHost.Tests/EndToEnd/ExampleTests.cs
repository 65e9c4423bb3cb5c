using System.Globalization;
using System.Text;
using System.Text.Json;
using R1Cloud.HubStandIn;
using R1Cloud.LocalHost.Environments;

namespace R1Cloud.LocalHost.Tests.EndToEnd;

/// <summary>
/// The recipes of <c>examples/</c>, with what they name on the Hub in its stand-in: rows of the same columns, and models of the published
/// shapes to be planned with, tiny ones to be run.
/// </summary>
public sealed class ExampleTests : IDisposable
{
    private const string Rl =
        "stages.r1-zero.iterations=1 stages.r1-zero.questions=4 stages.r1-zero.groupSize=4 stages.r1-zero.miniBatches=2 "
        + "stages.r1-zero.sampling.maxNewTokens=8 stages.r1-zero.microBatchTokens=0 stages.r1-zero.evaluateEvery=0";

    private const string Measured = "evaluation.problems=4 evaluation.sampling.maxNewTokens=8";

    // Problems are told apart by their numbers, in whatever order.
    private static readonly List<int[]> Triples = [.. Enumerable.Range(1, 41).SelectMany(a => Enumerable.Range(a, 42 - a).SelectMany(b =>
        Enumerable.Range(b, 42 - b).Select(c => (int[])[a, b, c])))];

    private readonly TestFolder folder = new();

    public static TheoryData<string> Examples =>
        ["gsm8k-r1-zero", "countdown", "math-dapo", "chain-7b", "lora-24gb", "distill-1.5b", "smollm2-135m"];

    /// <summary>Those of few stages, each with what makes it small: sizes, and nothing of what it is.</summary>
    public static TheoryData<string, string> Small => new()
    {
        { "gsm8k-r1-zero", $"{Rl} {Measured}" },
        { "countdown", $"{Rl} {Measured}" },
        { "lora-24gb", $"{Rl} {Measured} stages.r1-zero.optimizer.lora.rank=2" },
        { "smollm2-135m", $"{Rl.Replace("r1-zero", "rl", StringComparison.Ordinal)} {Measured} stages.rl.optimizer.lora.rank=2" },
    };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Examples_AreAllTestedAndHaveTheirReadme()
    {
        var folders = Directory.GetDirectories(Repository.Examples).Select(path => Path.GetFileName(path)!).ToList();
        Examples.Select(example => example.Data).ShouldBe(folders, ignoreOrder: true);
        folders.ShouldAllBe(name => File.Exists(Path.Combine(Repository.Examples, name, "README.md")));
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Example_PassesCheckAndPlan(string name)
    {
        await using var hub = await HubAsync(published: true);
        var recipe = Path.Combine(Repository.Examples, name, "recipe.json");
        var check = await R1Process.RunWithAsync(folder, Variables(hub), "check", recipe);
        check.ExitCode.ShouldBe(ExitCode.Ok, check.All);
        var plan = await R1.RunWithAsync(folder, Variables(hub), "plan", recipe, "--json");
        plan.ExitCode.ShouldBe(ExitCode.Ok, plan.All);
        var root = JsonDocument.Parse(plan.Output).RootElement;
        root.GetProperty("noEstimate").GetArrayLength().ShouldBe(0);

        // The README's figures are the plan's.
        var readme = await File.ReadAllTextAsync(Path.Combine(Repository.Examples, name, "README.md"), Stop);
        var (hours, cost) = (root.GetProperty("wallSeconds").GetDouble() / 3600, root.GetProperty("cost").GetDouble());
        readme.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"{hours:0} h, {cost:0} USD"));
    }

    [Theory]
    [MemberData(nameof(Small))]
    public async Task Example_MadeSmall_Runs(string name, string settings)
    {
        await using var hub = await HubAsync(published: false);
        string[] set = [.. $"{settings} workers.device=cpu workers.count=1 workers.threads=1".Split(' ').SelectMany(each =>
            (string[])["--set", each])];
        var run = new MiniRun(folder, "data", set)
        {
            File = Path.Combine(Repository.Examples, name, "recipe.json"), Variables = Variables(hub),
        };
        run.Start();
        (await run.EndAsync()).ShouldBe(0, run.Output);
    }

    private Dictionary<string, string?> Variables(StandInHub hub) =>
        new() { ["HF_ENDPOINT"] = hub.Url, ["HF_HOME"] = folder["hf"], ["no_proxy"] = "127.0.0.1" };

    private async Task<StandInHub> HubAsync(bool published)
    {
        TinyModel.Write(folder["tiny"], positions: 16_384);
        var hub = await StandInHub.StartAsync();
        Model("Qwen/Qwen2.5-1.5B", 1536, 28, 12, 2, 8960, 151_936);
        Model("Qwen/Qwen2.5-1.5B-Instruct", 1536, 28, 12, 2, 8960, 151_936);
        Model("Qwen/Qwen2.5-3B", 2048, 36, 16, 2, 11008, 151_936);
        Model("Qwen/Qwen2.5-7B", 3584, 28, 28, 4, 18944, 152_064, tied: false);
        Model("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 3584, 28, 28, 4, 18944, 152_064, tied: false);
        Model("HuggingFaceTB/SmolLM2-135M-Instruct", 576, 30, 9, 3, 1536, 49_152, type: "llama");
        hub.Add("datasets", "openai/gsm8k", Files(("main/train-00000-of-00001", Sums(8000, 0)), ("main/test-00000-of-00001", Sums(1400,
            8000)),
            ("README.md", """
            ---
            configs:
            - config_name: main
              data_files:
              - split: train
                path: main/train-*
              - split: test
                path: main/test-*
            ---
            """)));
        hub.Add("datasets", "Jiayi-Pan/Countdown-Tasks-3to4", Files(("data/train-00000-of-00001", Lines(Triples.Count, i => new
        {
            nums = Triples[i], target = Triples[i].Sum(),
        }))));
        hub.Add("datasets", "HuggingFaceH4/MATH-500", Files(("test", Lines(500, i => new { problem = $"What is {i} + 3?",
            answer = $"{i + 3}" }))));
        string[] subjects = ["algebra", "counting_and_probability", "geometry", "intermediate_algebra", "number_theory", "prealgebra",
            "precalculus"];
        hub.Add("datasets", "EleutherAI/hendrycks_math", Files([.. subjects.SelectMany((subject, at) => ((string, string)[])
        [
            ($"{subject}/train-00000-of-00001", Lines(200, i => new { problem = $"What is {i} times {at + 7}?",
                solution = $"\\boxed{{{i * (at + 7)}}}" })),
            ($"{subject}/test-00000-of-00001", Lines(2, i => new { problem = $"{i}?", solution = "\\boxed{1}" })),
        ])]));
        return hub;

        void Model(string name, int hidden, int layers, int heads, int keys, int inner, int vocabulary, bool tied = true,
            string type = "qwen2")
        {
            var files = Directory.GetFiles(folder["tiny"]).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
            if (published) files["config.json"] = JsonSerializer.SerializeToUtf8Bytes(new
            {
                model_type = type, hidden_act = "silu", hidden_size = hidden, num_hidden_layers = layers, num_attention_heads = heads,
                num_key_value_heads = keys, intermediate_size = inner, vocab_size = vocabulary, max_position_embeddings = 131_072,
                rope_theta = 1e6, rms_norm_eps = 1e-6, tie_word_embeddings = tied, eos_token_id = 256,
            });
            hub.Add("models", name, files);
        }
    }

    private static Dictionary<string, byte[]> Files(params (string Name, string Text)[] files) => files.ToDictionary(
        file => file.Name.EndsWith(".md", StringComparison.Ordinal) ? file.Name : file.Name + ".jsonl", file =>
            Encoding.UTF8.GetBytes(file.Text));

    private static string Sums(int count, int from) => Lines(count, i => new { question = $"{from + i} + {i % 7}?",
        answer = $"So\n#### {from + i + i % 7}" });

    private static string Lines(int count, Func<int, object> row) =>
        string.Join('\n', Enumerable.Range(0, count).Select(i => JsonSerializer.Serialize(row(i))));
}
