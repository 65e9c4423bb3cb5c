using R1Cloud.GpuJob.Generation;
using R1Cloud.GpuJob.Generation.Simd;
using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Numerics.Simd;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Generation;

public sealed class GeneratorTests
{
    private static readonly GenerationRequest[] Requests =
    [
        new([1, 2, 3, 4, 5], [11, 12, 13, 14, 15], [7]),
        new([6], [21], [7]),
        new([9, 8, 7, 6, 5, 4, 3, 2, 1], [31, 32, 33], [7, 3]),
    ];

    /// <summary>Sizes that are multiples of nothing, biases, tied and untied heads, one and many query groups.</summary>
    public static TheoryData<string> Shapes => [.. Configs.Keys];

    private static readonly Dictionary<string, ModelConfig> Configs = new()
    {
        ["plain"] = TestModels.Config(),
        ["odd"] = TestModels.Config(hidden: 37, heads: 3, kvHeads: 1, headDim: 6, intermediate: 43, vocabulary: 31, tied: false),
        ["bias"] = TestModels.Config(hidden: 40, heads: 6, kvHeads: 3, headDim: 10, intermediate: 70, vocabulary: 50, bias: true),
        ["wide"] = TestModels.Config(hidden: 128, heads: 4, kvHeads: 2, headDim: 32, intermediate: 352, vocabulary: 24),
        ["output-bias"] = TestModels.Config() with { QkvBias = true, OutputBias = true },
        ["mlp-bias"] = TestModels.Config(tied: false) with { QkvBias = true, OutputBias = true, MlpBias = true },
        ["latent-experts"] = TestModels.Config(hidden: 36, heads: 3, kvHeads: 3, headDim: 6, tied: false) with
        {
            ModelType = "deepseek_v3", Latent = new(QueryRank: 8, KvRank: 10, NopeDim: 7, RopeDim: 6, ValueDim: 9, Interleaved: true),
            Experts = new(Routed: 6, Shared: 2, PerToken: 2, IntermediateSize: 11, FirstLayer: 1, Groups: 3, ChosenGroups: 2,
                Normalize: true, Scale: 1.7),
        },
        ["softmax-experts"] = TestModels.Config(tied: false) with
        {
            ModelType = "qwen3_moe", QkNorm = true, Experts = new(5, 0, 2, 13, 0, 1, 1, true, 1) { Scoring = ExpertScoring.Softmax },
        },
        ["windows-and-norms-around"] = TestModels.Config(hidden: 35, headDim: 12) with
        {
            ModelType = "gemma3_text", QkNorm = true, QueryScalar = 5, Sliding = new(21, new([true, false])),
            LocalRope = new() { Theta = 300 },
        },
        ["norms-behind"] =
            TestModels.Config(tied: false) with { ModelType = "olmo2", QkNorm = true, QkvBias = true, OutputBias = true },
        ["fused"] = TestModels.Config(headDim: 12) with { ModelType = "phi3", RotatedShare = 0.5 },
    };

    public static TheoryData<double, double, int, double> Samplings => new()
    {
        { 1, 1, 0, 0 }, { 0.7, 1, 0, 0 }, { 1.5, 0.8, 0, 0 }, { 1, 1, 5, 0 }, { 0.9, 1, 0, 0.2 }, { 1.2, 0.9, 12, 0.05 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Generate_AnyShape_RecordsWhatTheTrainerComputes(string shape)
    {
        using var model = TestModels.Create(Randomised(Configs[shape]));
        foreach (var generator in TestModels.Generators(model))
        {
            using var _ = generator;
            AgreesWithTrainer(model, generator, new SamplingRecipe { MaxNewTokens = 150 });
        }
    }

    [Fact]
    public void Generate_OnFinished_TellsEachCompletionOnce()
    {
        using var model = TestModels.Create(Randomised(TestModels.Config()));
        foreach (var generator in TestModels.Generators(model))
        {
            using var _ = generator;
            var told = new System.Collections.Concurrent.ConcurrentDictionary<(int Request, int Sample), GenerationResult>();
            var requests =
                Requests.Select((request, index) =>
                    request with { OnFinished = (sample, result) => told.TryAdd((index, sample), result).ShouldBeTrue() }).ToList();
            var results = generator.Generate(requests, new SamplingRecipe { MaxNewTokens = 30 });
            told.Count.ShouldBe(Requests.Sum(request => request.Seeds.Length));
            told.ShouldAllBe(item => ReferenceEquals(item.Value, results[item.Key.Request][item.Key.Sample]));
        }
    }

    [Theory, MemberData(nameof(Samplings))]
    public void Generate_AnySampling_RecordsWhatTheTrainerComputes(double temperature, double topP, int topK, double minP)
    {
        using var model = TestModels.Create(Randomised(TestModels.Config()));
        foreach (var generator in TestModels.Generators(model))
        {
            using var _ = generator;
            AgreesWithTrainer(model, generator,
                new SamplingRecipe { MaxNewTokens = 30, Temperature = temperature, TopP = topP, TopK = topK, MinP = minP });
        }
    }

    [Theory]
    [InlineData(1, 1, 1, 0)]
    [InlineData(0.7, 1, 0, 1)]
    [InlineData(1, 1e-9, 0, 0)]
    public void Generate_OneTokenKept_IsGreedy(double temperature, double topP, int topK, double minP)
    {
        using var model = TestModels.Create(Randomised(TestModels.Config()));
        foreach (var generator in TestModels.Generators(model))
        {
            using var _ = generator;
            int[][] Tokens(SamplingRecipe sampling) =>
                [.. generator.Generate(Requests, sampling with { MaxNewTokens = 30 })
                    .SelectMany(results => results.Select(result => result.Tokens))];
            Tokens(new SamplingRecipe { Temperature = temperature, TopP = topP, TopK = topK, MinP = minP })
                .ShouldBe(Tokens(new SamplingRecipe { Temperature = 0 }));
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Generate_Greedy_AllGeneratorsAgree(string shape)
    {
        using var model = TestModels.Create(Randomised(Configs[shape]));
        var all = TestModels.Generators(model).Select(generator =>
        {
            using var _ = generator;
            return generator.Generate(Requests, new SamplingRecipe { Temperature = 0, MaxNewTokens = 150 });
        }).ToArray();
        foreach (var results in all[1..])
        {
            for (var r = 0; r < Requests.Length; r++)
            {
                for (var s = 0; s < Requests[r].Seeds.Length; s++) results[r][s].Tokens.ShouldBe(all[0][r][s].Tokens);
            }
        }
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Generate_Simd_IsBitwiseIndependentOfBatchOrderAndThreads(string shape)
    {
        using var model = TestModels.Create(Randomised(Configs[shape]));
        var sampling = new SamplingRecipe { MaxNewTokens = 40, Temperature = 0.9, TopP = 0.95 };
        // 150 samples on one thread: more than a thread's rows at once, so finished rows make room.
        var crowd = Requests.Concat(Enumerable.Range(0, 70)
            .Select(i => new GenerationRequest([1 + (i % 20), 2], [(ulong)i, (ulong)i + 1000], [7]))).ToArray();
        foreach (var kernel in SimdKernels.Supported)
        {
            using var one = new SimdDecoder(model, threads: 1, kernel);
            using var three = new SimdDecoder(model, threads: 3, kernel);
            var together = one.Generate(crowd, sampling);
            var spread = three.Generate([.. crowd.Reverse()], sampling);
            for (var r = 0; r < crowd.Length; r++)
            {
                for (var s = 0; s < crowd[r].Seeds.Length; s++)
                {
                    Same(together[r][s], spread[crowd.Length - 1 - r][s]);
                    if (r < Requests.Length)
                        Same(together[r][s], three.Generate([crowd[r] with { Seeds = [crowd[r].Seeds[s]] }], sampling)[0][0]);
                }
            }
        }

        static void Same(GenerationResult a, GenerationResult b)
        {
            a.Tokens.ShouldBe(b.Tokens);
            a.LogProbs.ShouldBe(b.LogProbs);
            a.PolicyLogProbs.ShouldBe(b.PolicyLogProbs);
            a.Finish.ShouldBe(b.Finish);
        }
    }

    [Fact]
    public void Refresh_AfterAnUpdate_UsesTheNewWeights()
    {
        using var model = TestModels.Create(Randomised(TestModels.Config()));
        using var decoder = new SimdDecoder(model, threads: 1);
        using (no_grad())
        {
            foreach (var (_, weight) in model.Weights) weight.mul_(1.1);
        }
        decoder.Refresh();
        AgreesWithTrainer(model, decoder, new SamplingRecipe { MaxNewTokens = 20 });
    }

    [Fact]
    public void Generate_EosOrLimit_EndsWithTheReason()
    {
        using var model = TestModels.Create(TestModels.Config(positions: 12));
        foreach (var generator in TestModels.Generators(model))
        {
            using var _ = generator;
            var sampling = new SamplingRecipe { MaxNewTokens = 50 };
            var all = Enumerable.Range(0, 29).ToArray();
            var stopped = generator.Generate([new([1, 2], [5], all)], sampling)[0][0];
            stopped.Finish.ShouldBe(FinishReason.Stop);
            stopped.Tokens.Length.ShouldBe(1);
            var cut = generator.Generate([new([1, 2], [5], []), new([1, 2, 3, 4], [5], [])], sampling);
            cut[0][0].Finish.ShouldBe(FinishReason.Length);
            cut[0][0].Tokens.Length.ShouldBe(10);
            cut[1][0].Tokens.Length.ShouldBe(8);
        }
    }

    [Fact]
    public void Generate_BadInput_NamesIt()
    {
        using var model = TestModels.Create(TestModels.Config(positions: 12));
        foreach (var generator in TestModels.Generators(model))
        {
            using var _ = generator;
            var sampling = new SamplingRecipe();
            Should.Throw<BadInputException>(() => generator.Generate([new([], [1], [])], sampling)).Message.ShouldContain("1 to 11");
            Should.Throw<BadInputException>(() => generator.Generate([new([29], [1], [])], sampling)).Message.ShouldContain("0 to 28");
            Should.Throw<BadInputException>(() => generator.Generate([new([1], [1], [])], sampling with { TopP = 0 }))
                .Message.ShouldContain("topP");
            using var cancelled = new CancellationTokenSource();
            cancelled.Cancel();
            Should.Throw<OperationCanceledException>(() => generator.Generate(Requests, sampling, cancelled.Token));
        }
    }

    private static void AgreesWithTrainer(CausalLm model, IGenerator generator, SamplingRecipe sampling)
    {
        using var scope = NewDisposeScope();
        using var __ = no_grad();
        var results = generator.Generate(Requests, sampling);
        var flat = Requests.SelectMany((request, r) => results[r].Select(result => (request.Prompt, Result: result))).ToArray();
        using var batch =
            TokenBatch.Create([.. flat.Select(pair => new TokenSequence([.. pair.Prompt, .. pair.Result.Tokens], pair.Prompt.Length))],
                CPU);
        Deviation(model.TokenLogProbs(batch, sampling).LogProbs, batch.Lay([.. flat.Select(pair => pair.Result.LogProbs)]))
            .ShouldBeLessThan(1e-4f);
        Deviation(model.TokenLogProbs(batch).LogProbs, batch.Lay([.. flat.Select(pair => pair.Result.PolicyLogProbs)]))
            .ShouldBeLessThan(1e-4f);
        flat.Select(pair => string.Join(' ', pair.Result.Tokens)).Distinct().Count().ShouldBeGreaterThan(5); // it does sample

        static float Deviation(Tensor a, Tensor b) => ((a - b).exp() - 1).abs().max().item<float>();
    }

    // Wider weights than fresh ones, so that distributions are uneven; norms and biases away from 1 and 0.
    private static ModelConfig Randomised(ModelConfig config) => config with { InitializerRange = 0.25 };
}
