using R1Cloud.GpuJob.Models;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Models;

/// <summary>
/// Models of sizes that nobody would choose: multiples of nothing, one layer, one head, every kind of rotary scaling, routing and bias.
/// </summary>
internal static class RandomShapes
{
    private static readonly string[] Architectures = ["llama", "qwen2", "qwen3", "deepseek_v3"];

    /// <summary>Architectures and seeds.</summary>
    public static TheoryData<string, int> Cases =>
        [.. Architectures.SelectMany(_ => Enumerable.Range(1, 4), (name, seed) => new TheoryDataRow<string, int>(name, seed))];

    /// <summary>A shape as config.json can say it; a function of its arguments.</summary>
    public static ModelConfig Config(string architecture, int seed)
    {
        var random = new Random(seed * 31);
        T One<T>(params T[] choices) => choices[random.Next(choices.Length)];
        var coin = () => random.Next(2) == 0;

        var kvHeads = One(1, 2, 3);
        var latent = architecture == "deepseek_v3"
            ? new LatentAttentionConfig(coin() ? null : random.Next(3, 20), random.Next(3, 20), random.Next(1, 10), 2 * random.Next(1, 5),
                random.Next(1, 12), coin())
            : null;
        var (bias, layers, groupSize, groups) = (coin(), random.Next(1, 4), random.Next(2, 4), random.Next(1, 5));
        var chosen = random.Next(1, groups + 1);
        return new ModelConfig
        {
            ModelType = architecture,
            HiddenSize = random.Next(9, 70),
            Layers = layers,
            Heads = latent is null ? kvHeads * One(1, 2, 5, 8) : kvHeads,
            KvHeads = kvHeads,
            HeadDim = latent?.RopeDim ?? 2 * random.Next(1, 14),
            Latent = latent,
            Experts = latent is null
                ? null : new(groupSize * groups, random.Next(0, 3), random.Next(1, (chosen * groupSize) + 1), random.Next(1, 20),
                    random.Next(0, layers + 1), groups, chosen, coin(), One(1, 2.5)),
            QkNorm = architecture == "qwen3",
            QkvBias = architecture == "qwen2" || bias,
            OutputBias = architecture != "qwen2" && bias,
            MlpBias = architecture == "llama" && seed % 3 == 0,
            IntermediateSize = random.Next(1, 90),
            VocabularySize = random.Next(12, 200),
            RmsNormEps = One(1e-5, 1e-6),
            Rope = Rope(random),
            MaxPositions = 256,
            TieWordEmbeddings = coin(),
            InitializerRange = 0.25,
            BosTokenId = 1,
            EosTokenIds = One<int[]>([2], [2, 5], []),
            PadTokenId = 0,
        };
    }

    /// <summary>A model of that shape whose norms are not 1, biases not 0 and corrections not equal.</summary>
    public static CausalLm Model(ModelConfig config, int seed)
    {
        var model = TestModels.Create(config, (ulong)seed);
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        foreach (var (_, weight) in model.Weights.Where(weight => weight.Tensor.dim() == 1))
            weight.add_(randn(weight.shape, dtype: ScalarType.Float32, generator: generator) * 0.1);
        return model;
    }

    private static RopeConfig Rope(Random random)
    {
        var rope = new RopeConfig { Theta = random.Next(2) == 0 ? 10000 : 1e6 };
        return random.Next(4) switch
        {
            0 => rope,
            1 => rope with { LinearFactor = 3 },
            2 => rope with { Llama3 = new(8, 1, 4, 32) },
            _ => rope with {
                Yarn = new(4, 64, Mscale: random.Next(2), MscaleAllDim: random.Next(2) * 0.8,
                    AttentionFactor: random.Next(3) == 0 ? 1.1 : null, Truncate: random.Next(2) == 0) },
        };
    }
}
