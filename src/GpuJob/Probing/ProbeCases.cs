using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Engines;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics;
using R1Cloud.GpuJob.Optimization;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Probing;

/// <summary>One thing that is measured.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Memory that it takes at most, of the device; what does not fit is not tried.</param>
/// <param name="Run">Measures for about so long; the figures by name.</param>
internal sealed record ProbeCase(string Name, double Bytes, Func<TimeSpan, IReadOnlyDictionary<string, double>> Run);

/// <summary>
/// What decides how fast a machine trains and samples: matrix products, memory, disk, decoding and training steps of models of several
/// sizes. Rates of models stand beside the rate of the product, measured in the same process.
/// </summary>
internal sealed class ProbeCases(Compute compute, string folder)
{
    private const int PromptTokens = 64, NewTokens = 32, Rows = 8, Length = 256;

    private readonly ProbeTimer timer = new(compute);
    private readonly Dictionary<ScalarType, double> products = [];

    private bool OnGpu => compute.Device.type == DeviceType.CUDA;

    /// <summary>All of them, in the order in which they are run.</summary>
    public IEnumerable<ProbeCase> All()
    {
        foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
            yield return new($"product {NameOf(type)}", 1e9, budget => Product(type, budget));
        yield return new("memory", 3e9, Memory);
        yield return new("disk", 0, Disk);
        foreach (var (name, config) in ProbedModels.All)
        {
            var type = OnGpu ? ScalarType.BFloat16 : ScalarType.Float32;
            var weights = config.ParameterCount() * (OnGpu ? 2.0 : 4.0);
            foreach (var batch in (int[])[1, 16, 64])
                yield return new($"decode {name} batch {batch}", weights * 2.5, budget => Decode(config, type, batch, budget));
            // Weights, gradients and two moments in float32, activations beside them.
            yield return new($"train {name}", config.ParameterCount() * 18.0, budget => Train(config, type, budget));
        }
    }

    private Dictionary<string, double> Product(ScalarType type, TimeSpan budget)
    {
        var size = OnGpu ? 8192L : 2048L;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor a = randn(size, size, device: compute.Device).to(type), b = randn(size, size, device: compute.Device).to(type);
        var rate = 2.0 * size * size * size / timer.Best(budget, () => a.matmul(b)) / 1e9;
        products[type] = rate;
        return new Dictionary<string, double> { ["size"] = size, ["gflops"] = rate };
    }

    private Dictionary<string, double> Memory(TimeSpan budget)
    {
        var numbers = OnGpu ? 256L << 20 : 64L << 20;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor from = ones(numbers, device: compute.Device), to = zeros(numbers, device: compute.Device);
        return new Dictionary<string, double> { ["gigabytesPerSecond"] = 8.0 * numbers / timer.Best(budget, () => to.copy_(from)) / 1e9 };
    }

    // What a checkpoint's files meet; reading may come from the system's cache.
    private Dictionary<string, double> Disk(TimeSpan budget)
    {
        var path = Path.Combine(folder, "probe.bin");
        var bytes = new byte[256 << 20];
        Random.Shared.NextBytes(bytes);
        try
        {
            var write = timer.Best(budget / 2, () =>
            {
                using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1);
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            });
            var read = timer.Best(budget / 2, () => File.ReadAllBytes(path));
            return new Dictionary<string, double>
            {
                ["writeMegabytesPerSecond"] = bytes.Length / write / 1e6, ["readMegabytesPerSecond"] = bytes.Length / read / 1e6,
            };
        }
        finally
        {
            File.Delete(path);
        }
    }

    private Dictionary<string, double> Decode(ModelConfig config, ScalarType type, int batch, TimeSpan budget)
    {
        using var model = CausalLm.Create(config, new Placement(compute.Device, type), 1);
        using var generator = GeneratorFactory.Create(model, compute.Threads);
        var prompt = Enumerable.Range(0, PromptTokens).Select(i => i * 7 % config.VocabularySize).ToArray();
        var requests = Enumerable.Range(0, batch).Select(i => new GenerationRequest(prompt, [(ulong)i], [])).ToArray();
        double Seconds(int tokens) =>
            timer.Best(budget / 3, () => generator.Generate(requests, new SamplingRecipe { MaxNewTokens = tokens }));
        var (first, all) = (Seconds(1), Seconds(NewTokens));
        return new Dictionary<string, double>
        {
            ["batch"] = batch,
            ["tokensPerSecond"] = batch * (NewTokens - 1) / Math.Max(1e-9, all - first),
            ["promptTokensPerSecond"] = batch * PromptTokens / first,
        };
    }

    private Dictionary<string, double> Train(ModelConfig config, ScalarType type, TimeSpan budget)
    {
        var random = new Random(1);
        int[] Row() => [.. Enumerable.Range(0, Length + 1).Select(_ => random.Next(config.VocabularySize))];
        using var model = CausalLm.Create(config, compute.Device, 1);
        model.ComputeType = type;
        using var batch = TokenBatch.Create([.. Enumerable.Range(0, Rows).Select(_ => new TokenSequence(Row(), 1))], compute.Device);
        using var optimizer = new AdamW(model.Trainable, new OptimizerRecipe { LearningRate = 1e-4 });
        var seconds = timer.Best(budget / 2, () =>
        {
            Scalars.Use(-1.0 / batch.Tokens, scale => model.TokenLogProbs(batch).LogProbs.sum() * scale).backward();
            optimizer.ClipGradients(1);
            optimizer.Step(1e-4);
            optimizer.ZeroGradients();
        });
        var figures = new Dictionary<string, double> { ["tokens"] = batch.Tokens, ["tokensPerSecond"] = batch.Tokens / seconds };
        // Six operations a parameter and token (Kaplan et al., arXiv 2001.08361, section 2.1).
        if (products.TryGetValue(type, out var product))
            figures["shareOfProduct"] = 6.0 * config.ParameterCount() * batch.Tokens / seconds / 1e9 / product;
        return figures;
    }

    private static string NameOf(ScalarType type) => type == ScalarType.Float32 ? "float32" : "bfloat16";
}
