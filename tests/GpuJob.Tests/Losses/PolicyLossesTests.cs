using R1Cloud.Testing;
using System.Text.Json;
using R1Cloud.GpuJob.Losses;
using R1Cloud.Shared;
using R1Cloud.Shared.Recipes;
using static TorchSharp.torch;

namespace R1Cloud.GpuJob.Tests.Losses;

public sealed class PolicyLossesTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Oracles.Cases("grpo_losses").Count())];

    [Theory, MemberData(nameof(Cases))]
    public void Compute_Oracle_GivesLossGradientAndMetrics(int index)
    {
        var oracle = Oracles.Cases("grpo_losses").ElementAt(index);
        var settings = oracle.GetProperty("settings");
        using var scope = NewDisposeScope();
        var logProbs = Matrix(oracle.GetProperty("logprobs"))!.requires_grad_();
        var mask = Matrix(oracle.GetProperty("mask"))!;
        var options = OptionsOf(settings);
        options.Validate();
        var result = PolicyLosses.Compute(options, new PolicyLossInput
        {
            LogProbs = logProbs,
            OldLogProbs = Matrix(oracle.GetProperty("old_logprobs")),
            ReferenceLogProbs = Matrix(oracle.GetProperty("ref_logprobs")),
            Entropy = Matrix(oracle.GetProperty("entropy")),
            Advantages = tensor(oracle.GetProperty("advantages").Floats()),
            Mask = mask,
            TotalRows = mask.shape[0],
            TotalTokens = mask.sum().item<float>(),
        });
        result.Loss.backward();

        var expected = oracle.GetProperty("loss").GetSingle();
        result.Loss.item<float>().ShouldBe(expected, Math.Max(1e-6f, 1e-5f * Math.Abs(expected)));
        (logProbs.grad! - Matrix(oracle.GetProperty("gradient_of_logprobs"))!).abs().max().item<float>().ShouldBeLessThan(1e-6f);
        foreach (var (name, metric) in new[] { ("kl", "kl"), ("clip_ratio/low_mean", "clip_ratio/low"),
            ("clip_ratio/high_mean", "clip_ratio/high"), ("clip_ratio/region_mean", "clip_ratio"),
            ("cispo_clip_ratio", "clip_ratio/high") })
        {
            if (oracle.GetProperty("metrics").TryGetProperty(name, out var value))
                result.Metrics[metric].item<float>().ShouldBe(value.GetSingle(), 1e-5f, name);
        }
    }

    [Fact]
    public void Compute_DppoOracle_GivesLossGradientAndMaskedShare()
    {
        foreach (var oracle in Oracles.Cases("distillation_losses").Where(item => item.GetProperty("kind").GetString() == "dppo_binary_tv"))
        {
            using var scope = NewDisposeScope();
            var logProbs = Matrix(oracle.GetProperty("logprobs"))!.requires_grad_();
            var mask = Matrix(oracle.GetProperty("mask"))!;
            var recipe = new PolicyLossRecipe { Name = "dppo", ClipLow = oracle.GetProperty("low").GetDouble(),
                ClipHigh = oracle.GetProperty("high").GetDouble() };
            var tokens = mask.sum().item<float>();
            var result = PolicyLosses.Compute(PolicyLossOptions.From(recipe, 6), new PolicyLossInput
            {
                LogProbs = logProbs,
                OldLogProbs = Matrix(oracle.GetProperty("old_logprobs")),
                Advantages = tensor(oracle.GetProperty("advantages").Floats()),
                Mask = mask,
                TotalRows = mask.shape[0],
                TotalTokens = tokens,
            });
            result.Loss.backward();
            result.Loss.item<float>().ShouldBe(oracle.GetProperty("loss").GetSingle(), 1e-6f);
            (logProbs.grad! - Matrix(oracle.GetProperty("grad"))!).abs().max().item<float>().ShouldBeLessThan(1e-6f);
            result.Metrics["clip_ratio"].item<float>()
                .ShouldBe((Matrix(oracle.GetProperty("masked"))! * mask).sum().item<float>() / tokens, 1e-6f);
        }
    }

    [Fact]
    public void Compute_PartsOfAMiniBatch_AddUp()
    {
        using var scope = NewDisposeScope();
        var old = randn(4, 6) * 0.1 - 1;
        var current = old + (randn(4, 6) * 0.3);
        var mask = tensor(new float[] { 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0 }, [4, 6]);
        var advantages = randn(4);
        foreach (var name in PolicyLosses.Names)
        {
            var options = new PolicyLossOptions { Name = name, ClipHigh = name == "cispo" ? 2 : 0.2, KlWeight = 0.1, MaxNewTokens = 6 };
            PolicyLossResult Part(int first, int count) => PolicyLosses.Compute(options, new PolicyLossInput
            {
                LogProbs = current.narrow(0, first, count),
                OldLogProbs = old.narrow(0, first, count),
                ReferenceLogProbs = old.narrow(0, first, count) - 0.2,
                Entropy = old.narrow(0, first, count).abs(),
                Advantages = advantages.narrow(0, first, count),
                Mask = mask.narrow(0, first, count),
                TotalRows = 4,
                TotalTokens = 12,
            });
            var (whole, a, b) = (Part(0, 4), Part(0, 1), Part(1, 3));
            (a.Loss + b.Loss).item<float>().ShouldBe(whole.Loss.item<float>(), 1e-5f, name);
            foreach (var (metric, value) in whole.Metrics)
                (a.Metrics[metric] + b.Metrics[metric]).item<float>().ShouldBe(value.item<float>(), 1e-5f, $"{name} {metric}");
        }
    }

    [Theory]
    [InlineData("grpo", -0.1, 0.2, 0, "clipLow")]
    [InlineData("grpo", 0.2, double.NaN, 0, "clipHigh")]
    [InlineData("cispo", 0.2, 0.2, 0, "clipHigh")]
    [InlineData("grpo", 0.2, 0.2, -1, "klWeight")]
    [InlineData("ppo", 0.2, 0.2, 0, "dr-grpo")]
    public void From_WrongSettings_NamesField(string name, double low, double high, double kl, string named) =>
        Should.Throw<BadInputException>(() =>
            PolicyLossOptions.From(new PolicyLossRecipe { Name = name, ClipLow = low, ClipHigh = high, KlWeight = kl }, 16))
            .Message.ShouldContain(named);

    [Fact]
    public void KlEstimators_SmallDifference_AgreeWithTheirFormulas()
    {
        using var scope = NewDisposeScope();
        Tensor policy = tensor(new[] { -1f }), reference = tensor(new[] { -1.5f });
        KlEstimators.Compute(KlEstimator.K1, policy, reference).item<float>().ShouldBe(0.5f, 1e-6f);
        KlEstimators.Compute(KlEstimator.K2, policy, reference).item<float>().ShouldBe(0.125f, 1e-6f);
        KlEstimators.Compute(KlEstimator.K3, policy, reference).item<float>().ShouldBe(MathF.Exp(-0.5f) + 0.5f - 1, 1e-6f);
    }

    /// <summary>An oracle's settings as a recipe has them; trajectories have fewer fields.</summary>
    internal static PolicyLossOptions OptionsOf(JsonElement settings)
    {
        var name = settings.GetProperty("loss").GetString()!;
        var recipe = new PolicyLossRecipe
        {
            Name = name switch { "bnpo" => "dapo", "dr_grpo" => "dr-grpo", _ => name },
            SequenceRatio = settings.GetProperty("importance_ratio")
                .GetString() switch { "token" => false, "sequence" => true,
                    var other => throw new InvalidOperationException($"{other} is not offered.") },
            ClipLow = settings.GetProperty("clip_low").GetDouble(),
            ClipHigh = settings.GetProperty("clip_high").GetDouble(),
            TwoSidedClip = Get("two_sided_clip")?.GetDouble(),
            KlWeight = settings.GetProperty("kl_coefficient").GetDouble(),
            KlTimesRatio = Get("kl_times_ratio")?.GetBoolean() ?? false,
            HighEntropyShare = Get("high_entropy_share")?.GetDouble() ?? 1,
            OffPolicyThreshold = Get("off_policy_kl_threshold")?.GetDouble(),
        };
        if (Get("sapo_temperatures") is { } gate)
            recipe = recipe with { GateTemperatures = new() { Positive = gate[0].GetDouble(), Negative = gate[1].GetDouble() } };
        if (Get("vespo") is { } shape) recipe = recipe with { Given = Shape(shape, "pos"), Taken = Shape(shape, "neg") };
        return PolicyLossOptions.From(recipe, Get("max_completion_length")?.GetInt32() ?? 1);

        static WeightShape Shape(JsonElement shape, string sign) =>
            new() { K = shape.GetProperty("k_" + sign).GetDouble(), Lambda = shape.GetProperty("lambda_" + sign).GetDouble() };

        JsonElement? Get(string field) =>
            settings.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private static Tensor? Matrix(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Null) return null;
        var rows = element.EnumerateArray().Select(row => row.Floats()).ToArray();
        return tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length]);
    }
}
