using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Torch;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Models;

/// <summary>Ways of computing the same: packed or padded, recomputed or kept, in 16 bits or 32, cached or whole.</summary>
public sealed class EquivalenceTests
{
    private static readonly ModelConfig Latent = TestModels.Config(hidden: 36, heads: 3, kvHeads: 3, headDim: 6, tied: false) with
    {
        ModelType = "deepseek_v3",
        Layers = 3,
        InitializerRange = 0.25,
        Latent = new(QueryRank: null, KvRank: 10, NopeDim: 7, RopeDim: 6, ValueDim: 9, Interleaved: true),
        Experts = new(Routed: 6, Shared: 2, PerToken: 2, IntermediateSize: 11, FirstLayer: 1, Groups: 3, ChosenGroups: 2, Normalize: true,
            Scale: 1.7),
    };

    /// <summary>Architectures with their peculiarities.</summary>
    internal static readonly Dictionary<string, ModelConfig> Configs = new()
    {
        ["odd"] = TestModels.Config(hidden: 37, heads: 3, kvHeads: 1, headDim: 6, intermediate: 43, vocabulary: 31,
            tied: false) with { InitializerRange = 0.25 },
        ["qk-norm"] =
            TestModels.Config(hidden: 40, heads: 6, kvHeads: 3, headDim: 10) with { ModelType = "qwen3", QkNorm = true,
                InitializerRange = 0.25 },
        ["all-biases"] = TestModels.Config(tied: false) with { QkvBias = true, OutputBias = true, MlpBias = true, InitializerRange = 0.25 },
        ["latent"] = Latent,
        ["latent-query-rank"] =
            Latent with { Latent = Latent.Latent! with { QueryRank = 8, Interleaved = false }, QkvBias = true, OutputBias = true },
        ["softmax-experts"] = TestModels.Config(hidden: 34, tied: false) with
        {
            ModelType = "qwen3_moe", Layers = 3, QkNorm = true, InitializerRange = 0.25,
            Experts = new(5, 0, 2, 13, 0, 1, 1, true, 1) { Scoring = ExpertScoring.Softmax, DenseLayers = new([1]) },
        },
        ["window"] = TestModels.Config(hidden: 37, heads: 3, kvHeads: 1, headDim: 6) with
        {
            ModelType = "mistral", InitializerRange = 0.25, Sliding = new(3, new([true, true])),
        },
        ["norms-behind"] = TestModels.Config(tied: false) with
        {
            ModelType = "olmo3", QkNorm = true, InitializerRange = 0.25, QkvBias = true, OutputBias = true,
            Sliding = new(4, new([true, false])), LocalRope = new() { Theta = 300 },
        },
        ["norms-around"] = TestModels.Config(hidden: 35, headDim: 12) with
        {
            ModelType = "gemma3_text", QkNorm = true, QueryScalar = 5, InitializerRange = 0.25, Sliding = new(5, new([true, false])),
            LocalRope = new() { Theta = 300 },
        },
        ["fused"] = TestModels.Config(headDim: 12) with
        {
            ModelType = "phi3", RotatedShare = 0.5, InitializerRange = 0.25,
            Rope = new() { LongRope = new(new([1, 1.5, 2]), new([1, 4, 9]), 64, 2) },
        },
        ["experts-one-group"] =
            Latent with { Experts = Latent.Experts! with { Groups = 1, ChosenGroups = 1, Shared = 0, Normalize = false, FirstLayer = 0 } },
    };

    public static TheoryData<string> Names => [.. Configs.Keys];

    private static readonly TokenSequence[] Sequences =
    [
        new([1, 2, 3, 4, 5], 2), new([6, 7], 1), new([8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18], 5), new([3, 1, 4, 1, 5], 1),
            new([2, 7, 1, 8, 2, 8, 1, 8], 3),
    ];

    [Theory, MemberData(nameof(Names))]
    public void TokenLogProbs_PackedPaddedOrAlone_AreTheSame(string name)
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(Configs[name]);
        var packed = Score(model, Sequences, slack: 0);
        foreach (var slack in new[] { 2, 1000 })
        {
            var other = Score(model, Sequences, slack);
            Deviation(packed.LogProbs, other.LogProbs).ShouldBeLessThan(1e-5f);
            foreach (var (weight, (a, b)) in model.Trainable.Zip(packed.Gradients.Zip(other.Gradients)))
                Deviation(a, b).ShouldBeLessThan(1e-4f, weight.Name);
        }
        for (var row = 0; row < Sequences.Length; row++)
        {
            var alone = Score(model, [Sequences[row]], slack: 0).LogProbs.squeeze(0);
            Deviation(packed.LogProbs[row].narrow(0, 0, alone.shape[0]), alone).ShouldBeLessThan(1e-5f);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Backward_Recomputed_GivesTheSameGradients(string name)
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(Configs[name]);
        var kept = Score(model, Sequences, slack: 4, OnAutograd);
        model.Recompute = true;
        var recomputed = Score(model, Sequences, slack: 4, OnAutograd);
        recomputed.LogProbs.equal(kept.LogProbs).all().item<bool>().ShouldBeTrue();
        foreach (var (weight, (a, b)) in model.Trainable.Zip(kept.Gradients.Zip(recomputed.Gradients)))
            Deviation(a, b).ShouldBeLessThan(1e-6f, weight.Name);
    }

    [Theory, MemberData(nameof(Names))]
    public void Backward_Bfloat16_GivesFloat32GradientsNearby(string name)
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(Configs[name] with { InitializerRange = null });
        var full = Score(model, Sequences, slack: 4);
        model.ComputeType = ScalarType.BFloat16;
        var half = Score(model, Sequences, slack: 4);
        half.LogProbs.dtype.ShouldBe(ScalarType.Float32);
        Deviation(full.LogProbs, half.LogProbs).ShouldBeLessThan(0.25f);
        var (expected, actual) = (cat([.. full.Gradients.Select(g => g.flatten())]), cat([.. half.Gradients.Select(g => g.flatten())]));
        half.Gradients.ShouldAllBe(gradient => gradient.dtype == ScalarType.Float32);
        ((expected * actual).sum() / (expected.norm() * actual.norm())).item<float>().ShouldBeGreaterThan(0.98f);
    }

    [Theory, MemberData(nameof(Names))]
    public void Generate_ManyWaves_RecordsWhatTheTrainerComputes(string name)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = TestModels.Create(Configs[name]);
        // More samples than rows, of unlike lengths: rows are taken over, prompts enter late, the batch shrinks at the end.
        GenerationRequest[] requests =
            [.. Enumerable.Range(0, 9)
                .Select(i =>
                    new GenerationRequest([.. Enumerable.Range(1, 1 + (i * 5 % 7))],
                        [.. Enumerable.Range(0, 1 + (i % 4)).Select(s => (ulong)((i * 10) + s))], [7, 3]))];
        var sampling = new SamplingRecipe { MaxNewTokens = 25, Temperature = 0.8 };
        using var few = new TorchGenerator(model, maxRows: 4, maxPrefillTokens: 12);
        using var many = new TorchGenerator(model);
        var (a, b) = (few.Generate(requests, sampling), many.Generate(requests, sampling));
        var flat = requests.SelectMany((request, r) => a[r].Select((result, s) => (request.Prompt, Result: result, Other: b[r][s])))
            .ToArray();
        foreach (var (_, result, other) in flat) result.Tokens.ShouldBe(other.Tokens);

        using var batch =
            TokenBatch.Create([.. flat.Select(item => new TokenSequence([.. item.Prompt, .. item.Result.Tokens], item.Prompt.Length))],
                CPU);
        Deviation(model.TokenLogProbs(batch, sampling).LogProbs, batch.Lay([.. flat.Select(item => item.Result.LogProbs)]))
            .ShouldBeLessThan(1e-4f);
        Deviation(model.TokenLogProbs(batch).LogProbs, batch.Lay([.. flat.Select(item => item.Result.PolicyLogProbs)]))
            .ShouldBeLessThan(1e-4f);
    }

    [Theory, MemberData(nameof(Names))]
    public void ParameterCount_OfTheShape_IsWhatTheModelHas(string name)
    {
        using var model = TestModels.Create(Configs[name]);
        model.Parameters.Sum(item => item.parameter.numel()).ShouldBe(Configs[name].ParameterCount());
    }

    // With a named chunk scores are autograd's, not those of the kernels for small models, which compute nothing a second time.
    private const int OnAutograd = 64;

    private static (Tensor LogProbs, Tensor[] Gradients) Score(CausalLm model, TokenSequence[] sequences, int slack, int chunk = 0)
    {
        using var batch = TokenBatch.Create(sequences, CPU, slack);
        var scores = model.TokenLogProbs(batch, chunk: chunk);
        (-scores.LogProbs.sum() / batch.Tokens).backward();
        var gradients = model.Trainable.Select(weight => weight.Tensor.grad!.clone()).ToArray();
        foreach (var (_, parameter) in model.Trainable) parameter.grad = null;
        return (scores.LogProbs.detach(), gradients);
    }

    private static float Deviation(Tensor a, Tensor b) => (a - b).abs().max().item<float>();
}
