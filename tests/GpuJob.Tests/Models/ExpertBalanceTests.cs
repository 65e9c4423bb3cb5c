using R1Cloud.GpuJob.Models;
using R1Cloud.GpuJob.Scoring;
using R1Cloud.Shared.Metrics;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Models;

/// <summary>Balance losses of experts, held to differences of their own values, and the corrections' steps.</summary>
public sealed class ExpertBalanceTests
{
    private static readonly ModelConfig Latent = TestModels.Config(heads: 2, kvHeads: 2, headDim: 6, tied: false) with
    {
        ModelType = "deepseek_v3", Layers = 3, InitializerRange = 0.3,
        Latent = new(QueryRank: null, KvRank: 10, NopeDim: 7, RopeDim: 6, ValueDim: 9, Interleaved: true),
        Experts = new(Routed: 6, Shared: 1, PerToken: 2, IntermediateSize: 11, FirstLayer: 1, Groups: 1, ChosenGroups: 1, Normalize: true,
            Scale: 1),
    };

    private static readonly ModelConfig Softmax = TestModels.Config(tied: false) with
    {
        ModelType = "qwen3_moe", Layers = 3, QkNorm = true, InitializerRange = 0.3,
        Experts = new(5, 0, 2, 13, 0, 1, 1, true, 1) { Scoring = ExpertScoring.Softmax, DenseLayers = new([1]) },
    };

    private static readonly BalanceWeights Whole = new(0, 1, 1);

    // Of unlike lengths, so that there is padding.
    private static readonly TokenSequence[] Sequences =
        [new([1, 2, 3, 4, 5], 1), new([6, 7], 1), new([8, 9, 10, 11, 12, 13, 14, 15], 1), new([3, 1, 4, 1], 1)];

    public static TheoryData<string, bool> Kinds =>
        new() { { "latent", false }, { "latent", true }, { "softmax", false }, { "softmax", true } };

    [Theory, MemberData(nameof(Kinds))]
    public void Backward_BalanceLoss_IsItsSlope(string kind, bool recompute)
    {
        using var model = TestModels.Create(kind == "latent" ? Latent : Softmax);
        model.Recompute = recompute;
        using var balance = new ExpertBalance(model, Whole);
        var gradients = Gradients(model, balance, [Sequences]);
        var routers = model.Trainable.Where(weight => weight.Name.EndsWith("mlp.gate.weight", StringComparison.Ordinal)).ToList();
        routers.Count.ShouldBe(2);
        foreach (var (name, weight) in routers)
        {
            using var scope = NewDisposeScope();
            var gradient = gradients[name];
            gradient.abs().max().item<float>().ShouldBeGreaterThan(1e-3f);
            foreach (var (expert, column) in new[] { (0, 0), (1, 5), (3, 17), (4, 30) })
            {
                const float Step = 2e-3f;
                var slope = (Value(Step) - Value(-Step)) / (2 * Step);
                slope.ShouldBe(gradient[expert, column].item<float>(), 2e-3f + (0.02f * Math.Abs(slope)), $"{name} [{expert}, {column}]");

                float Value(float step)
                {
                    using var _ = no_grad();
                    using var inner = NewDisposeScope();
                    weight[expert, column] = weight[expert, column] + step;
                    balance.BeginStep(Sequences.Length, Tokens(Sequences));
                    Pass(model, Sequences);
                    balance.EndPass();
                    weight[expert, column] = weight[expert, column] - step;
                    return balance.Step()[MetricNames.ExpertLoss].item<float>();
                }
            }
        }
    }

    /// <summary>A sequence's loss is its own, however sequences are cut into passes.</summary>
    [Fact]
    public void Backward_SequenceLossInSeveralPasses_IsThatOfOne()
    {
        using var model = TestModels.Create(Latent);
        using var balance = new ExpertBalance(model, Whole);
        var whole = Gradients(model, balance, [Sequences]);
        var parts = Gradients(model, balance, [Sequences[..1], Sequences[1..3], Sequences[3..]]);
        foreach (var (name, gradient) in whole)
        {
            using var scope = NewDisposeScope();
            (parts[name] - gradient).norm().item<float>().ShouldBeLessThan(1e-6f + (1e-5f * gradient.norm().item<float>()), name);
        }
    }

    [Fact]
    public void Step_UnevenLoad_MovesTheCorrectionsAgainstIt()
    {
        using var scope = NewDisposeScope();
        using var model = TestModels.Create(Latent);
        var router = model.Routers[0];
        using (no_grad()) router.Correction![2] = 5; // chosen by every token
        using var balance = new ExpertBalance(model, new(0.25, 0, 0));
        balance.BeginStep(Sequences.Length, Tokens(Sequences));
        using (no_grad()) Pass(model, Sequences);
        balance.EndPass();
        var figures = balance.Step();
        router.Correction![2].item<float>().ShouldBe(4.75f);
        router.Correction.max().item<float>().ShouldBe(4.75f);
        figures[MetricNames.ExpertLoadMax].item<double>().ShouldBe(3, 1e-6); // one of a token's two, where 2 of 6 would be even
        figures[MetricNames.ExpertLoadMin].item<double>().ShouldBeLessThan(1);
        figures[MetricNames.ExpertLoss].item<float>().ShouldBe(0);
    }

    [Fact]
    public void Forward_Balanced_KeepsItsBits()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        using var model = TestModels.Create(Latent);
        using var batch = TokenBatch.Create(Sequences, CPU);
        var before = model.Hidden(batch.Layout);
        using var balance = new ExpertBalance(model, Whole);
        balance.BeginStep(Sequences.Length, Tokens(Sequences));
        model.Hidden(batch.Layout).bytes.SequenceEqual(before.bytes).ShouldBeTrue();
    }

    // The model's own loss has no part: what comes back is the balance's.
    private static Dictionary<string, Tensor> Gradients(CausalLm model, ExpertBalance balance, TokenSequence[][] passes)
    {
        balance.BeginStep(passes.Sum(pass => pass.Length), passes.Sum(Tokens));
        foreach (var pass in passes)
        {
            using var scope = NewDisposeScope();
            var nothing = Pass(model, pass) * 0;
            balance.EndPass();
            nothing.backward();
        }
        foreach (var figure in balance.Step().Values) figure.Dispose();
        var gradients = model.Trainable.Where(weight => weight.Tensor.grad is not null)
            .ToDictionary(weight => weight.Name, weight => weight.Tensor.grad!.clone());
        foreach (var (_, parameter) in model.Trainable) parameter.grad = null;
        return gradients;
    }

    private static Tensor Pass(CausalLm model, TokenSequence[] sequences)
    {
        using var batch = TokenBatch.Create(sequences, CPU, slack: 1000);
        return model.TokenLogProbs(batch).LogProbs.sum();
    }

    private static int Tokens(TokenSequence[] sequences) => sequences.Sum(sequence => sequence.Ids.Length - 1);
}
