using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using R1Cloud.GpuJob.Bench;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;

// Prints one JSON line a case. Arguments: [threads] [case name part]
var compute = Compute.Start("cpu", args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 0);
var only = args.Length > 1 ? args[1] : "";

ModelConfig quickstart = Config(hidden: 128, layers: 4, heads: 4, kvHeads: 2, intermediate: 352, vocabulary: 24);
ModelConfig small =
    Config(hidden: 256, layers: 6, heads: 8, kvHeads: 4, intermediate: 704, vocabulary: 512) with { TieWordEmbeddings = false };
ModelConfig medium = small with { HiddenSize = 448, HeadDim = 56, IntermediateSize = 1216 };
ModelConfig large = small with { HiddenSize = 768, Layers = 8, Heads = 12, HeadDim = 64, IntermediateSize = 2048 };
var cases = new List<(string Name, Func<object> Run)>();
foreach (var (name, config) in new[] { ("0.74M", quickstart), ("4.7M", small) })
{
    foreach (var batch in new[] { 1, 16, 64 })
        cases.Add(($"decode {name} batch {batch}", () => DecodeCase.Run(config, compute.Threads, batch)));
    cases.Add(($"train {name}", () => TrainCase.Run(config, compute, name == "0.74M" ? (256, 35) : (32, 256))));
}
cases.Add(("train 13.9M", () => TrainCase.Run(medium, compute, (32, 256))));
cases.Add(("train 51M", () => TrainCase.Run(large, compute, (8, 256))));
cases.Add(("memory 51M", () => TrainCase.Memory(large)));
cases.Add(("rollout 0.74M", () => DecodeCase.Rollout(quickstart, compute.Threads)));
foreach (var name in new[] { "qwen3", "deepseek_v3", "llama3" }) cases.Add(($"tokenize {name}", () => TokenizeCase.Run(name)));
cases.Add(("update 0.74M", () => TrainCase.Update(quickstart, compute)));
cases.Add(("math answers", MathCase.Run));
cases.Add(("judge python", () => JudgeCase.Run("python")));
cases.Add(("judge javascript",
    () => JudgeCase.Run("javascript",
        "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number);\nconsole.log(a + b);")));

foreach (var (name, run) in cases.Where(item => item.Name.Contains(only, StringComparison.Ordinal)))
{
    var gemm = Gemm.Rate(compute.Threads);
    var watch = Stopwatch.StartNew();
    var figures = run();
    Console.WriteLine(
        JsonSerializer.Serialize(
            new { @case = name, threads = compute.Threads, gemmGflops = Math.Round(gemm, 1), figures,
                seconds = Math.Round(watch.Elapsed.TotalSeconds, 1) }));
}
return 0;

static ModelConfig Config(int hidden, int layers, int heads, int kvHeads, int intermediate, int vocabulary) => new()
{
    ModelType = "llama",
    HiddenSize = hidden,
    Layers = layers,
    Heads = heads,
    KvHeads = kvHeads,
    HeadDim = hidden / heads,
    IntermediateSize = intermediate,
    VocabularySize = vocabulary,
    TieWordEmbeddings = true,
    MaxPositions = 512,
};
