using R1Cloud.GpuJob.Models;
using R1Cloud.Shared.Recipes.Reading;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Models;

/// <summary>
/// Models of sizes that nobody would choose: multiples of nothing, one layer, one head, every kind of rotary scaling, routing and bias.
/// </summary>
internal static class RandomShapes
{
    // Generated sequences stay below it: what outgrows it is read again (Generation.LongRopeTests).
    private const int OriginalLength = 128;

    private static readonly IReadOnlyList<string> Architectures = KnownNames.Architectures;

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
        var config = new ModelConfig
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
        return Kinds.TryGetValue(architecture, out var kind) ? kind(config, random) : config;
    }

    // What single architectures add.
    private static readonly Dictionary<string, Func<ModelConfig, Random, ModelConfig>> Kinds = new()
    {
        ["qwen3_moe"] = (config, random) => config with
        {
            QkNorm = true,
            Experts = Softmax(random, config.Layers),
        },
        ["mistral"] = (config, random) => config with { QkvBias = false, OutputBias = false, Sliding = Everywhere(config, random) },
        ["olmo2"] = (config, _) => config with { QkNorm = true },
        ["olmo3"] = (config, random) =>
            config with { QkNorm = true, Sliding = Some(config, random), LocalRope = new() { Theta = config.Rope.Theta } },
        ["gemma3_text"] = (config, random) => config with
        {
            QkNorm = true, Sliding = Some(config, random), LocalRope = new() { Theta = random.Next(2) == 0 ? 5000 : config.Rope.Theta },
            QueryScalar = random.Next(2) == 0 ? 24 : 7.5,
        },
        ["phi3"] = Phi,
    };

    private static ExpertsConfig Softmax(Random random, int layers)
    {
        var routed = random.Next(1, 9);
        return new(routed, 0, random.Next(1, routed + 1), random.Next(1, 20), 0, 1, 1, random.Next(2) == 0, 1)
        {
            Scoring = ExpertScoring.Softmax, Step = random.Next(1, 3), DenseLayers = new(random.Next(2) == 0 ? [] : [layers - 1]),
        };
    }

    private static ModelConfig Phi(ModelConfig config, Random random)
    {
        var headDim = 4 * random.Next(1, 7);
        var share = random.Next(2) == 0 ? 0.5 : 1;
        int pairs = RopeSettings.Rotated(headDim, share) / 2;
        ValueList<double> Factors(double step) => new(Enumerable.Range(0, pairs).Select(i => 1 + (step * i)));
        return config with
        {
            QkvBias = false, OutputBias = false, HeadDim = headDim, RotatedShare = share, OriginalMaxPositions = OriginalLength,
            Sliding = random.Next(2) == 0 ? null : Everywhere(config, random),
            Rope = new()
            {
                Theta = config.Rope.Theta,
                LongRope = random.Next(3) == 0 ? null : new(Factors(0.1), Factors(1.5), OriginalLength, 256.0 / OriginalLength,
                    AttentionFactor: random.Next(3) == 0 ? 1.2 : null),
            },
        };
    }

    private static SlidingWindow Everywhere(ModelConfig config, Random random) =>
        new(Width(random), new(Enumerable.Repeat(true, config.Layers)));

    private static SlidingWindow Some(ModelConfig config, Random random) =>
        new(Width(random), new(Enumerable.Range(0, config.Layers).Select(layer => layer == 0 || random.Next(2) == 0)));

    private static int Width(Random random) => new[] { 1, 3, 16, 21, 64 }[random.Next(5)];

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
